"""What a synthesis is asked for."""
