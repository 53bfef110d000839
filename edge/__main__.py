"""`python -m edge`."""
