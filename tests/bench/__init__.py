"""Benchmarks: what is measured and how is told in docs/benchmarks.md. Never run as tests."""
