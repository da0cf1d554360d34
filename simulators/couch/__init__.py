"""The simulated couch drive."""
