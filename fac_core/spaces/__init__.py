"""A feature space as a whole: its map, clusters and neighbours, and what of it another space has."""
