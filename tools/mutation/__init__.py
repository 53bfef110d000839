"""Wrong versions of the pure half, and the tests that must notice each."""
