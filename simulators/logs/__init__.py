"""What the simulated machine logs of itself."""
