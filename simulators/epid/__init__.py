"""The simulated portal imager."""
