"""Faults put into the simulated room, each with its ground truth."""
