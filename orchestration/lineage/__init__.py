"""Lineage: what the SQL of the dbt project says about which rows and columns become which.

Belongs here: reasoning over the models' SQL. Does not belong here: rows of a home (``sharing/trace.py``), pages
(``catalogue/``).
"""
