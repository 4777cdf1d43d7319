"""The groups of commands of ``kho``: arguments, help texts, what each calls. ``cli.py`` puts them together."""
