"""What features are called, by words or by a language model, and how far a name can be trusted."""
