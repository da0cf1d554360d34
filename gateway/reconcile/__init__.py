"""What was delivered against what was planned."""

from gateway.reconcile.reconciliation import reconcile
from gateway.reconcile.telemetry import delivered_trajectory

__all__ = ["delivered_trajectory", "reconcile"]
