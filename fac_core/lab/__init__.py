"""The laboratory: does it help? It imports the core and is never imported by it."""
