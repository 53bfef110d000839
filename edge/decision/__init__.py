"""Pure: from readings to levels, alerts and cab warnings."""
