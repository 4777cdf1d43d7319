"""The catalogue: what is declared about datasets, tables and KPIs, as pages for people and as files for portals.

Belongs here: gathering declarations and writing them in another form. Does not belong here: declaring anything.
"""
