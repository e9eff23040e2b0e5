"""Searches on many workers of a `dask.distributed` cluster, or on several processes of this machine.

`connection` finds or starts the cluster, `worker_side` is what runs there, `cohort` plans, sends and keeps. Only the
driver, who asked for the search, reads data and writes to the store; workers need neither.
"""

#: The environment variable by which the app's owner names a scheduler; users of its pages cannot name one themselves:
#: who answers there may run code in this process.
SCHEDULER_VARIABLE = "ELASREG_SCHEDULER"
