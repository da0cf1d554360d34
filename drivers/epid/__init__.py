"""PFP/1, the portal frame protocol (docs/protocols/portal-frame.md)."""
