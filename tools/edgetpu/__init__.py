"""What the Edge TPU compiler can put on an Edge TPU, as far as that is published."""
