"""The missing features as a list to act on: why each is missing, which comes first."""
