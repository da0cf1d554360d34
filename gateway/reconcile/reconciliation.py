"""Is what was delivered what was planned, and if not, why not."""

from collections.abc import Mapping, Sequence

from gateway.domain.evidence import BeamEvidence
from gateway.domain.program import MachineProgram
from gateway.domain.reconciliation import (
    BeamReconciliation,
    Cause,
    MotionComparison,
    PairReconciliation,
    Reconciliation,
    Tolerances,
    Verdict,
)
from gateway.domain.witnesses import WitnessMatrix
from gateway.reconcile.attribution import Attribution, ranked, without_consequences
from gateway.reconcile.errors import BeamErrors, beam_errors, exceeded_axes
from gateway.reconcile.frames import frame_attributions
from gateway.reconcile.incidents import (
    link_attributions,
    lost_sample_attributions,
    termination_attributions,
)
from gateway.reconcile.logged_pairs import log_attributions
from gateway.reconcile.meterset import compare_meterset, is_complete, meterset_attributions
from gateway.reconcile.motion import compare_motion
from gateway.reconcile.positions import ending_of, position_attributions
from gateway.reconcile.rates import rate_attributions
from gateway.reconcile.read_back import read_back_attributions
from gateway.reconcile.witnessed import witness_attributions


def reconcile(
    beams: Sequence[BeamEvidence],
    tolerances: Tolerances,
    witnesses: Mapping[int, WitnessMatrix] | None = None,
    pairs: Mapping[int, Sequence[PairReconciliation]] | None = None,
) -> Reconciliation:
    """Compare every beam with its plan, judge it and name what went wrong.

    ``witnesses``, by beam number, are plan, log and portal image side by side where there is one;
    ``pairs`` the machine's own log against plan and telemetry.

    Pass only if every beam is complete, its meterset is the planned one to within a pulse and
    nothing is out of tolerance. A failure always has at least one cause.
    """
    before = [None, *(evidence.program for evidence in beams)]
    judged = [
        _judge(
            evidence,
            tolerances,
            earlier,
            (witnesses or {}).get(evidence.beam.number),
            tuple((pairs or {}).get(evidence.beam.number, ())),
        )
        for evidence, earlier in zip(beams, before, strict=False)
    ]
    causes = ranked(attribution for _, found in judged for attribution in found)
    results = tuple(result for result, _ in judged)
    passed = bool(results) and all(result.verdict is Verdict.PASS for result in results)
    return Reconciliation(Verdict.PASS if passed else Verdict.FAIL, causes, results, tolerances)


def _judge(
    evidence: BeamEvidence,
    tolerances: Tolerances,
    before: MachineProgram | None,
    witnesses: WitnessMatrix | None,
    pairs: tuple[PairReconciliation, ...],
) -> tuple[BeamReconciliation, list[Attribution]]:
    errors = _errors(evidence, tolerances)
    motion = compare_motion(errors, evidence) if errors is not None else None
    meterset = compare_meterset(evidence, errors)
    rates = rate_attributions(motion, evidence.beam.number, tolerances) if motion else []
    ending = ending_of(evidence)
    undelivered = ending.undelivered
    found = without_consequences(
        [
            *(position_attributions(errors, ending, tolerances) if errors is not None else ()),
            *read_back_attributions(evidence, tolerances, before),
            *meterset_attributions(errors, meterset, evidence),
            *link_attributions(evidence, undelivered),
            *termination_attributions(evidence, undelivered),
            *rates,
            *lost_sample_attributions(evidence, motion.telemetry if motion else None),
            *frame_attributions(evidence),
            *witness_attributions(witnesses, tolerances),
        ]
    )
    found += log_attributions(pairs, found, tolerances)
    exceeded = (
        *(exceeded_axes(errors, tolerances) if errors is not None else ()),
        *(attribution.cause.cause for attribution in rates),
    )
    complete = is_complete(evidence, meterset)
    if not found and (exceeded or not complete):
        found = [_unexplained(motion, exceeded, evidence.beam.number)]
    result = BeamReconciliation(
        evidence.beam.number,
        evidence.beam.name,
        Verdict.FAIL if found else Verdict.PASS,
        complete,
        exceeded,
        meterset,
        motion,
        witnesses,
        pairs,
    )
    return result, found


def _errors(evidence: BeamEvidence, tolerances: Tolerances) -> BeamErrors | None:
    if evidence.delivered is None or evidence.delivered.time_s.size == 0:
        return None
    return beam_errors(
        evidence.planned,
        evidence.delivered,
        evidence.mu_per_pulse,
        tolerances,
        evidence.program.start_meterset_mu,
    )


def _unexplained(
    motion: MotionComparison | None, exceeded: Sequence[str], beam_number: int
) -> Attribution:
    """What can be said when nothing is known to have happened but the figures do not hold."""
    if motion is None or not exceeded:
        return Attribution(Cause("meterset-unknown", beam_number), undelivered=1.0)
    worst = motion.worst
    name = "axis-deviation" if worst.leaf is None else "leaf-deviation"
    cause = Cause(
        name,
        beam_number,
        worst.axis,
        worst.bank,
        worst.leaf,
        control_point=worst.control_point,
        error=worst.error,
        unit=worst.unit,
    )
    return Attribution(cause, 1.0, 1.0)
