"""What people decide: which gaps to target."""
