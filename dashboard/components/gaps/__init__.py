"""The missing features: ranked, filtered, decided about."""
