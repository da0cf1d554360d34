"""The composition root: puts the parts together, once per command."""
