"""A fleet on one machine: many vehicles with the daemon's own message code, and a subscriber that counts."""
