"""Run files and the workspace: the only room that knows the database."""
