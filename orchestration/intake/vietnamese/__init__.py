"""What is known of written Vietnamese: how a syllable is built, and the legacy fonts of before Unicode.

Belongs here: what needs neither files nor declarations. Does not belong here: comparing words (``folding``).
"""
