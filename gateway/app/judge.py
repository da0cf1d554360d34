"""A stored delivery judged by every witness that there is."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.app.evidence import beam_evidence, stored_plan
from gateway.app.image_witness import image_witnesses
from gateway.app.own_log import left_beside, witnessed_beam
from gateway.app.tolerances import tolerances_named
from gateway.delivery.ledger import DeliveryEntry, fold
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import ConfigError
from gateway.domain.evidence import BeamEvidence, WitnessedBeam
from gateway.domain.plan import TreatmentPlan
from gateway.domain.reconciliation import (
    Cause,
    PairReconciliation,
    Reconciliation,
    Tolerances,
    Verdict,
)
from gateway.ports.store import RecordReader
from gateway.reconcile import reconcile
from gateway.reconcile.log_beams import LoggedBeam, match_beams
from gateway.reconcile.pairs import reconcile_log_pairs
from gateway.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A delivery with its evidence, beam by beam, and what follows from it.

    ``witnessed`` are the beams of ``evidence`` with the log that stands for the machine's memory.
    """

    entry: DeliveryEntry
    plan: TreatmentPlan
    evidence: tuple[BeamEvidence, ...]
    witnessed: tuple[WitnessedBeam, ...]
    reconciliation: Reconciliation

    @property
    def logs(self) -> Mapping[int, str]:
        """The files of the logs that were heard, by beam number."""
        heard = (beam for beam in self.witnessed if beam.log is not None)
        return {beam.beam.number: beam.log_source for beam in heard}


def judge(
    store: RecordReader,
    delivery_id: str,
    settings: Settings,
    given: Sequence[LoggedBeam] | None = None,
) -> Judged:
    """Reconcile a stored delivery. Raises ConfigError when the store has none of that name.

    A beam's log is the one that its machine left, or one of ``given``; without any the telemetry
    stands for it. Raises InputError where it is not sure whose one of ``given`` is.
    """
    entry = fold(store.events(delivery_id))
    if entry is None:
        raise ConfigError(f"no delivery {delivery_id} in {settings.store}")
    plan = stored_plan(store, entry)
    evidence = beam_evidence(store, entry, plan)
    limits = tolerances_named(entry.intent["tolerances"], settings).reconciliation
    logs: Mapping[int, LoggedBeam]
    unread: Sequence[int] = ()
    if given is None:
        logs, unread = left_beside(store.directory(delivery_id), entry.files)
    else:
        logs = match_beams([item.beam for item in evidence], given)
    witnessed = tuple(
        witnessed_beam(item, logs.get(item.beam.number), from_machine=given is None)
        for item in evidence
    )
    pairs, unjudged = _pairs(delivery_id, witnessed, limits)
    criteria = None if limits.gamma is None else limits.gamma.criteria
    told = {beam.beam.number: beam.log for beam in witnessed if beam.log is not None}
    witnesses, failed = image_witnesses(store, entry, evidence, told, settings, criteria)
    result = reconcile(evidence, limits, witnesses, pairs)
    result = _not_passed(result, "log-unreadable", (*unread, *unjudged))
    result = _not_passed(result, "image-not-compared", failed)
    if entry.outcome is not DeliveryOutcome.COMPLETE:
        result = replace(result, verdict=Verdict.FAIL)
    return Judged(entry, plan, evidence, witnessed, result)


def _pairs(
    delivery_id: str, witnessed: Sequence[WitnessedBeam], tolerances: Tolerances
) -> tuple[Mapping[int, Sequence[PairReconciliation]], Sequence[int]]:
    """By beam number, for those with a log; second those whose log says nothing of sense."""
    found: dict[int, Sequence[PairReconciliation]] = {}
    failed = []
    for beam in witnessed:
        number = beam.beam.number
        if beam.telemetry is None or beam.log is None:
            continue
        try:
            found[number] = reconcile_log_pairs(beam, tolerances)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the rest is judged
            kind = type(problem).__name__
            _log.error("%s: beam %d: no log compared: %s: %s", delivery_id, number, kind, problem)
            failed.append(number)
    return found, failed


def _not_passed(reconciliation: Reconciliation, cause: str, beams: Sequence[int]) -> Reconciliation:
    """Not passed where a witness of one of ``beams`` is there and could not be heard."""
    if not beams:
        return reconciliation
    causes = (*reconciliation.causes, *(Cause(cause, beam) for beam in beams))
    return replace(reconciliation, verdict=Verdict.FAIL, causes=causes)
