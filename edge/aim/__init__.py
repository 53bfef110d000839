"""Is this camera well mounted? Numbers in, a light and a sentence out; the steps of the installation; its report."""
