"""Certificates and rights of a fleet: an authority of its own, one certificate a vehicle, the broker's files."""
