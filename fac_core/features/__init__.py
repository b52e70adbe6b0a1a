"""What a feature is about, read from run files: no model is loaded here."""
