"""The command line: thin over `fac_core.api`. `app.py` is the entry, one file a group of commands."""
