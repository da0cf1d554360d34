"""The async engine that delivers beams."""
