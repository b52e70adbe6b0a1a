"""FAC, gaps, curves and intervals: numbers from run files, without a model."""
