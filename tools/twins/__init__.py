"""Calibrating and measuring the int8 twins of the fetched float networks."""
