"""From accepted candidates to a dataset that says where each row comes from."""
