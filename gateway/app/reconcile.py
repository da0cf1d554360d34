"""The ``reconcile`` command: every pair of witnesses of a delivery, and what they agree on."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.app.finish import findings_of, image_counts
from gateway.app.foreign_image import image_rows
from gateway.app.intake import find_room
from gateway.app.summary import cause_row, delivery_summary, pair_row
from gateway.app.witnesses import Asked, Witnesses, witnesses
from gateway.domain.evidence import WitnessedBeam
from gateway.domain.reconciliation import PairReconciliation, Reconciliation, Verdict
from gateway.reconcile.pairs import reconcile_pairs
from gateway.settings import Settings

INCOMPLETE = "incomplete"
"""All that was seen is within tolerance, but not all was seen: no pass."""


def reconcile_witnesses(asked: Asked, settings: Settings) -> tuple[dict[str, Any], bool]:
    """The result as it is printed in JSON, and whether it passes. Raises GatewayError.

    It passes where every pair of every beam and every image does, and where the gateway's own
    reconciliation does. Where beams of the plan have no witness the verdict is INCOMPLETE.
    """
    known = witnesses(asked, settings)
    pairs = [pair for beam in known.beams for pair in reconcile_pairs(beam, known.tolerances)]
    own = known.own
    passed = all(pair.verdict is Verdict.PASS for pair in pairs)
    images = _image_rows(asked, known, settings)
    passed &= all(row["verdict"] == Verdict.PASS.value for row in images)
    passed &= bool(pairs or images) if own is None else own.verdict is Verdict.PASS
    unwitnessed = _unwitnessed(asked, known, images)
    verdict = (Verdict.PASS if passed else Verdict.FAIL).value
    if passed and unwitnessed:
        passed, verdict = False, INCOMPLETE
    result = _of_plan(known, pairs) if own is None else _of_delivery(known, own)
    result["causes"] += [cause for row in images for cause in row["causes"]]
    result |= {
        "verdict": verdict,
        "tolerances": known.tolerances.name,
        "pairs": [pair_row(pair) for pair in pairs],
        "witnesses": [_witness_row(beam) for beam in known.beams],
        "images": images,
        "unwitnessed": unwitnessed,
    }
    return result, passed


def _image_rows(asked: Asked, known: Witnesses, settings: Settings) -> list[dict[str, Any]]:
    if asked.images is None:
        return []
    room = find_room(settings, known.room)
    return image_rows(asked.images, known.plan, known.beams, room, known.tolerances, settings)


def _unwitnessed(asked: Asked, known: Witnesses, images: Sequence[Mapping[str, Any]]) -> list[int]:
    """Beams of which there is no log, and no image where there are images only."""
    left = list(known.unwitnessed)
    if known.own is None and not asked.logs:
        seen = {row["beam"] for row in images}
        left += [beam.beam.number for beam in known.beams if beam.beam.number not in seen]
    return left


def _of_delivery(known: Witnesses, own: Reconciliation) -> dict[str, Any]:
    entry = known.entry
    if entry is None:
        raise ValueError("a reconciliation of our own without its delivery")
    images = image_counts(set(entry.files), known.evidence)
    logs = {beam.beam.number: beam.log_source for beam in known.beams if beam.log is not None}
    return delivery_summary(entry, known.evidence, findings_of(entry), own, images, logs)


def _of_plan(known: Witnesses, pairs: Sequence[PairReconciliation]) -> dict[str, Any]:
    plan = known.plan
    return {
        "delivery_id": None,
        "plan": {
            "sop_instance_uid": plan.sop_instance_uid,
            "label": plan.label,
            "fraction_group": plan.fraction_group.number,
            "fraction": None,
        },
        "room": known.room,
        "causes": [cause_row(cause) for pair in pairs for cause in pair.causes],
    }


def _witness_row(beam: WitnessedBeam) -> dict[str, Any]:
    return {
        "beam": beam.beam.number,
        "name": beam.beam.name,
        "telemetry": beam.telemetry is not None,
        "log": beam.log_source or None,
    }
