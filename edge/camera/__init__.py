"""Frames from a sensor, a clip or a generator, behind one contract."""
