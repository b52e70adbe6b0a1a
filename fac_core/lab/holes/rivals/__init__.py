"""Contestants that are not ours: controls, embeddings, words."""
