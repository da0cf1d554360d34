"""The live feed between processes: the room's process sends (tap), watchers receive (feed)."""
