"""The end of a beam in the record."""

from gateway.delivery.recorder import Recorder
from gateway.domain.delivery import BeamDelivery


def telemetry_file(beam_number: int) -> str:
    """The name of a beam's telemetry in the delivery's folder."""
    return f"telemetry_beam_{beam_number}.parquet"


async def record_beam_end(recorder: Recorder, delivery: BeamDelivery) -> None:
    """Make the end of a beam durable. Raises StoreError."""
    await recorder.event(
        "beam-end",
        beam=delivery.beam_number,
        name=delivery.beam_name,
        planned_mu=delivery.planned_mu,
        start_meterset_mu=delivery.start_meterset_mu,
        end_meterset_mu=delivery.end_meterset_mu,
        termination_status=delivery.termination_status.value,
        termination_reason=delivery.termination_reason,
        interlocks=list(delivery.interlocks),
        samples=delivery.samples,
        lost_samples=delivery.lost_samples,
        started_ns=delivery.started_ns,
        ended_ns=delivery.ended_ns,
    )
