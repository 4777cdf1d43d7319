"""Rights and duties about restricted values: found, exported, erased, looked at, kept no longer than allowed, new keys.

Belongs here: what is done about a person or about all of the vault. Does not belong here: how restricted values are
split off and written (``intake/vault.py``), who may see which table (``sharing/audiences.py``).
"""
