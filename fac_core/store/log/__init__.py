"""What the event log stands on: the chain that shows whether anybody touched it, and what holds after undos."""
