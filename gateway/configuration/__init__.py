"""What a site edits, read from config/ into the domain."""
