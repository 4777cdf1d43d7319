"""kho: from the departments' files to one warehouse for SQL. Which package does what: see README.md.

Belongs here: what holds for every process of kho, before it imports anything else.
"""

import gc

#: Imports and declarations make half a million objects that stay. The collector, which walks them after every 700 by
#: default, took a tenth of a short command's time (0.15 s).
gc.set_threshold(50_000)
