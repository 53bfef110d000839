"""The developer's and the technician's look at what the daemon sees."""
