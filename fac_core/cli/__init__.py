"""The command line: thin over the verbs of `fac_core`. `app.py` is the entry, one file a group of commands."""
