"""Themes: features that the data is short of and that fire in the same texts of the anchor."""
