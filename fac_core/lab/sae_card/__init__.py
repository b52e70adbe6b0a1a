"""How good a copy a SAE is, and how nameable its latents: what its card prints."""
