"""From approved gaps to candidates: prompts, the two steps, steering, verification in the feature space."""
