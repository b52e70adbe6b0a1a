"""A run as one static HTML file. Pure functions from results to markup; every text of samples and people is escaped."""
