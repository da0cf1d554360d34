"""Work on bytes from outside, in a process that may be killed for it."""

from gateway.adapters.sandbox.sandbox import OutOfBounds, Sandbox

__all__ = ["OutOfBounds", "Sandbox"]
