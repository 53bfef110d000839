"""Recorded streams and clips played through the pure half, compared and drawn."""
