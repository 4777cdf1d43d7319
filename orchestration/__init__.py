"""kho: from the departments' files to one warehouse for SQL. Which package does what: see README.md.

Belongs here: what holds for every process of kho, before it imports anything else.
"""

import gc
import os

#: A second thread of polars does not make a batch of 100,000 rows quicker: one file has three threads already
#: (``intake/overlap.py``). With one thread and one arena, its allocator gives half as many pages back only to ask for
#: them again: together a tenth of the intake's CPU, and 30 MB. Both are read when polars is imported; whoever sets them
#: keeps what they set.
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:2000")

#: Imports and declarations make half a million objects that stay. The collector, which walks them after every 700 by
#: default, took a tenth of a short command's time (0.15 s).
gc.set_threshold(50_000)
