"""Plan, log and portal image against each other: who is right, axis by axis.

Importing this loads the forward model's kernels: import it where there is an image.
"""

from gateway.reconcile.witnesses.matrix import compare_witnesses

__all__ = ["compare_witnesses"]
