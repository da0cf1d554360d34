"""LCP/1, the linac control protocol (docs/protocols/linac-control.md)."""
