"""Training a SAE on a model's activations, and judging it."""
