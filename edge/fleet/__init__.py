"""The fleet's own side: following vehicles at a broker, without the daemon."""
