"""Int8 twins of fetched float networks, made on the device from a float file and a committed recipe."""
