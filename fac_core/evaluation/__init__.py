"""Does it help? Evaluators, baselines at equal budget, and the study of FAC against performance."""
