"""Is a beam deliverable, and how it runs in time."""
