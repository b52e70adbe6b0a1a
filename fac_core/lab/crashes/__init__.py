"""What a crash at any moment costs: everything that the product does, ended in every way that we know."""
