"""Many people at one dashboard at once: `python -m dashboard.load`."""
