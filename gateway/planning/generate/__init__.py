"""Makes test plans for any machine: plainly fictional, deliverable, the same for the same seed."""

from gateway.planning.generate.kinds import KINDS, generate

__all__ = ["KINDS", "generate"]
