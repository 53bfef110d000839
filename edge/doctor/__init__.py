"""What a technician asks of a board: is everything there, does it work, and if not, what to do."""
