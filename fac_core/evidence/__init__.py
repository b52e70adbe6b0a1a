"""What fires a feature: examples, words, where it is at home, what fires together. Read from run files; no model is loaded."""
