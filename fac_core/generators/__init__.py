"""Language models that write: one seam, several implementations. Nothing here knows features, runs or pages."""
