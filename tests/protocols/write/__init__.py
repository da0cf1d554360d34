"""Writes the shared wire vectors; uses no codec of the project."""
