"""Candidates and what people say of them."""
