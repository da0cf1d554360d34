"""Delivered minus planned of one beam, over meterset and leaf by leaf."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import numpy as np

from gateway.adapters.store import open_reader
from gateway.app.evidence import beam_evidence, stored_plan
from gateway.app.tolerances import tolerances_named
from gateway.delivery.ledger import fold
from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.reconciliation import LeafErrorMatrix, MotionComparison
from gateway.domain.units import FloatArray
from gateway.reconcile import reconcile
from gateway.settings import Settings

MOST_POINTS = 2000
_DIGITS = 4


def error_curves(settings: Settings, delivery_id: str, beam: int) -> Mapping[str, Any] | None:
    """The curves of a beam; None where it was never on. Raises StoreError, InputError."""
    with closing(open_reader(settings.store)) as store:
        entry = fold(store.events(delivery_id))
        if entry is None:
            raise InputError("there is no such delivery")
        evidence = [
            one
            for one in beam_evidence(store, entry, stored_plan(store, entry))
            if one.beam.number == beam
        ]
        tolerances = tolerances_named(entry.intent["tolerances"], settings).reconciliation
        judged = reconcile(evidence, tolerances)
    motion = judged.beams[0].motion if judged.beams else None
    return None if motion is None else _curves(beam, motion)


def _curves(beam: int, motion: MotionComparison) -> Mapping[str, Any]:
    curves = motion.curves
    step = max(1, -(-curves.meterset_mu.size // MOST_POINTS))
    return {
        "beam": beam,
        "meterset_mu": _rounded(curves.meterset_mu[::step]),
        "control_point": _rounded(curves.control_point[::step]),
        "axes": [_column(name, values, step) for name, values in curves.axes.items()],
        "worst_leaf": [
            _column(device, _signed_worst(values), step) for device, values in curves.leaves.items()
        ],
        "leaves": [_heat(device, matrix) for device, matrix in motion.matrices.items()],
    }


def _column(name: str, values: FloatArray, step: int) -> Mapping[str, Any]:
    unit = Axis(name).unit if name in set(Axis) else "mm"
    return {"name": name, "unit": unit, "values": _rounded(_peaks(values, step))}


def _peaks(values: FloatArray, step: int) -> FloatArray:
    """The largest of every ``step`` values, so that thinning out hides no peak."""
    if step == 1:
        return values
    padded = np.pad(values, (0, -values.size % step), mode="edge").reshape(-1, step)
    largest = np.abs(padded).argmax(axis=1)
    found: FloatArray = padded[np.arange(len(padded)), largest]
    return found


def _signed_worst(leaves: FloatArray) -> FloatArray:
    worst = np.abs(leaves).argmax(axis=0)
    found: FloatArray = leaves[worst, np.arange(leaves.shape[1])]
    return found


def _heat(device: str, matrix: LeafErrorMatrix) -> Mapping[str, Any]:
    return {
        "device": device,
        "pairs": matrix.errors.shape[0] // 2,
        "control_points": matrix.control_points.tolist(),
        "errors_mm": [
            [None if value != value else round(value, _DIGITS) for value in row]  # noqa: PLR0124 - NaN
            for row in matrix.errors.tolist()
        ],
    }


def _rounded(values: FloatArray) -> list[float]:
    found: list[float] = np.round(values, _DIGITS).tolist()
    return found
