"""Which features the data fires less often than the anchor, at equal length."""
