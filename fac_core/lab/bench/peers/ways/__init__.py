"""One file a contestant, and what runs it: all but `ours` and `ceiling` know nothing of this project."""
