"""A cause together with how much it matters."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.reconciliation import Cause

UNDELIVERED_WEIGHT = 10.0
"""Meterset not delivered counts as meterset delivered at ten times the tolerance."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A cause and its weight.

    ``ratio`` is |error| over its limit, ``share`` the part of the beam's meterset delivered with
    it, ``undelivered`` the part that was not delivered because of it.
    """

    cause: Cause
    ratio: float = 0.0
    share: float = 0.0
    undelivered: float = 0.0

    @property
    def consequence(self) -> float:
        """For ranking: error in tolerances, weighted by the meterset it concerns."""
        return self.ratio * self.share + UNDELIVERED_WEIGHT * self.undelivered


CONSEQUENCES = {
    "position-interlock": frozenset(
        {
            "stuck-leaf",
            "leaf-offset",
            "leaf-lag",
            "leaf-drift",
            "leaf-deviation",
            "bank-offset",
            "bank-deviation",
            "swapped-banks",
            "gantry-lag",
            "stuck-axis",
            "axis-offset",
            "axis-lag",
            "axis-drift",
            "axis-deviation",
            "couch-drift",
        }
    ),
    "meterset-interlock": frozenset({"meterset-overrun"}),
    "dose-rate": frozenset({"meterset-overrun", "meterset-shortfall"}),
    "dead-man": frozenset({"lost-link", "garbage-bytes", "stale-telemetry"}),
    "lost-samples": frozenset({"lost-link", "garbage-bytes", "stale-telemetry"}),
    "dropped-frame": frozenset({"lost-link", "garbage-bytes"}),
    "leaf-speed-loss": frozenset({"stuck-leaf", "leaf-lag", "leaf-deviation", "bank-deviation"}),
}
"""What follows from what: the key is not named beside any of its causes in the same beam."""

HARMLESS = frozenset(
    {
        "dropped-frame",
        "duplicated-frame",
        "reordered-frame",
        "lost-samples",
        "dose-rate",
        "leaf-speed-loss",
        "leaf-miscalibration",
        "bank-miscalibration",
        "jaw-miscalibration",
        "axis-miscalibration",
        "output-change",
        "panel-shift",
        "image-unexplained",
        "wrong-log",
        "telemetry-not-as-logged",
    }
)
"""What never ends a beam; everything else is reason enough for ``terminated``."""


def without_consequences(found: Iterable[Attribution]) -> list[Attribution]:
    """``found`` (of one beam) without what only follows from another of them."""
    attributions = list(found)
    names = {attribution.cause.cause for attribution in attributions}
    return [
        attribution
        for attribution in attributions
        if not _follows(attribution.cause.cause, names - {attribution.cause.cause})
    ]


def ranked(attributions: Iterable[Attribution]) -> tuple[Cause, ...]:
    """The causes, the largest consequence first; equals keep their order."""
    order = sorted(attributions, key=lambda attribution: -attribution.consequence)
    return tuple(attribution.cause for attribution in order)


def _follows(name: str, others: set[str]) -> bool:
    if name == "terminated":
        return bool(others - HARMLESS)
    return bool(others & CONSEQUENCES.get(name, frozenset()))
