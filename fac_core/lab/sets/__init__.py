"""Training sets: the pool that they are drawn from, ways of picking, what is measured of them."""
