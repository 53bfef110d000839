"""Pure: one indicator a file, from the stream to readings."""
