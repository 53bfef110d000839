"""Calibration: what is learnt of one driver, shown with its progress and provenance, and taken back."""
