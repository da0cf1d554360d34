"""The simulated linac controller."""
