"""Long tasks in a process of their own: what is asked for, who works on it, what came of it.

job.py      a job and its state machine, as values
queue.py    the jobs of a workspace, over the event log
kinds.py    what can be asked for: the workspace to add a kind
worker.py   takes jobs and does them; heartbeat.py, pace.py, log_file.py, warm.py are its parts
launch.py   starts a worker where none lives
"""
