"""What an object says beside its attributes' types: counts, orders, references, geometry."""
