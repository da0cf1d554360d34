"""Metrics for Prometheus: a registry of our own, and the counters of other processes."""
