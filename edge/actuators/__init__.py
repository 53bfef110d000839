"""In-cab warnings: light, sound, log."""
