"""The dashboard: thin pages over `fac_core`. No model runs here, and nothing of value lives in the session."""
