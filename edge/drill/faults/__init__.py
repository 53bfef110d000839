"""One file a fault: what is done, what must be told, how it goes back."""
