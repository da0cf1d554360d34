"""The verdict of a delivery in sentences."""

from collections.abc import Sequence

from gateway.adapters.report.wording import cause_sentence, cause_title
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.verdict_writer import VerdictText
from gateway.domain.evidence import BeamEvidence
from gateway.domain.reconciliation import Cause, Reconciliation


def verdict_text(
    entry: DeliveryEntry, evidence: Sequence[BeamEvidence], reconciliation: Reconciliation
) -> VerdictText:
    """The conclusion, then every cause, then what each beam was given."""
    conclusion = (
        f"{reconciliation.verdict.value.upper()}: the delivery is {entry.outcome.value}; fraction "
        f"{entry.fraction} of fraction group {entry.fraction_group} in room {entry.room}. "
        "For research, QA and test benches; not for clinical use."
    )
    causes = [_cause(cause) for cause in reconciliation.causes]
    return VerdictText(conclusion, (*causes, *map(_beam, evidence)))


def _cause(cause: Cause) -> str:
    where = "" if cause.beam is None else f", beam {cause.beam}"
    return f"{cause_title(cause)}{where}. {cause_sentence(cause)}"


def _beam(item: BeamEvidence) -> str:
    delivery = item.delivery
    end_mu = delivery.end_meterset_mu
    given = "an uncertain part"
    if end_mu is not None:
        given = f"{end_mu - delivery.start_meterset_mu:.3f} MU"
    return (
        f"Beam {delivery.beam_number} {delivery.beam_name}: {given} of "
        f"{delivery.planned_mu - delivery.start_meterset_mu:.3f} MU, "
        f"{delivery.termination_status.value}."
    )
