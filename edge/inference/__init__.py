"""Quantization-aware interpreters, delegates and the model manifest."""
