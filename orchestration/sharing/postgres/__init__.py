"""The published versions in PostgreSQL: an endpoint for DBeaver, psql, Excel, Power BI, Superset.

``server`` (the connection), ``layout`` (names, types, views), ``publication`` (load, switch, sweep), ``roles`` (who may
connect and see what).
"""
