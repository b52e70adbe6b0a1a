"""Language models up to the place where a SAE reads, and the tokens that they are given."""
