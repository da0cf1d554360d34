"""The other standard files."""
