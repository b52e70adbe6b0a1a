"""How varied texts are by older measures, beside FAC: words, grammar, sentence embeddings."""
