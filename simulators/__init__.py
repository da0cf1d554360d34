"""The simulated linac room."""
