"""Which metric of a set goes with what is learned from it."""
