"""Device protocols, one folder each."""
