"""What whoever runs a server asks of it: is it well, how much is there, what happened."""
