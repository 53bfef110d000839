"""The pictures of `edge/indicators/README.md`: a recorded drive judged once more, drawn as plain SVG."""
