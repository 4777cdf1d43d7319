"""The warehouse built from bronze: by dbt, following what changed, or as it was known on a day.

Belongs here: calling dbt, what a build follows, the SQL and YAML of the dbt project that follow from declarations. Does
not belong here: publishing what was built (``sharing``), the SQL itself (``dbt_project``).
"""
