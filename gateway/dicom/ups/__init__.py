"""Data sets of the worklist: unified procedure steps, delivery instructions, verifications."""
