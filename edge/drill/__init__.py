"""Trying the defences on purpose: faults put into a real daemon, what it tells measured, a table at the end."""
