"""Ordinary driving as numbers: what a camera sees of people who drive attentively, and of what must be told of them."""
