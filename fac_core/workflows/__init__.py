"""The verbs of the project, as functions: what the command line and notebooks call, one file a group.

Each function finds the workspace, opens the runs read-only, closes them again and returns a frozen result.
"""
