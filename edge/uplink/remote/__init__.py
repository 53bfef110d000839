"""What the fleet may ask of a vehicle: commands and settings, limited, allowed by name, signed where keys are set."""
