"""Speed and ignition."""
