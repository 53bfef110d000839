"""Threads, clocks, health and logs of the daemon."""
