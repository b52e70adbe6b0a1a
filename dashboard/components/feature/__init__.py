"""One feature and the list of all."""
