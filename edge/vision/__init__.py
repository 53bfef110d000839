"""Arrays in, numbers out: from a frame to a FaceObservation."""
