"""What the worker is asked for."""
