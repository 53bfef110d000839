"""Driver monitoring daemon for small boards: frames in, in-cab warnings and MQTT alerts out."""

__version__ = "0.1.0"
