"""How fast is encoding against what others offer for it: one process a contestant, outputs compared before times count."""
