"""Samples as they are told: axes by name and unit, leaves by device and bank."""

from collections.abc import Iterable, Mapping

from gateway.adapters.mqtt.messages import Positions, Telemetry
from gateway.adapters.mqtt.outgoing import utc
from gateway.domain.axes import Axis, AxisLayout, banks
from gateway.domain.units import NS_PER_S, IntArray
from gateway.formats.live_feed import LiveSample

EARLY = 0.25
"""Share of a period that a sample may come before its time."""


class Rate:
    """Lets samples pass at ``hz`` by the machine's clock, as evenly as they come; 0: none."""

    def __init__(self, hz: float) -> None:
        self._period_ns = round(NS_PER_S / hz) if hz > 0.0 else None
        self._due_ns: int | None = None

    def due(self, time_ns: int) -> bool:
        """Whether the sample of that time passes."""
        period_ns = self._period_ns
        if period_ns is None:
            return False
        due_ns = self._due_ns
        if due_ns is None or not due_ns - 2 * period_ns <= time_ns <= due_ns + period_ns:
            self._due_ns = time_ns + period_ns  # the first, or after a pause or a new clock
            return True
        if time_ns < due_ns - EARLY * period_ns:
            return False
        self._due_ns = due_ns + period_ns
        return True


def axis_name(axis: Axis) -> str:
    """``gantry_deg``, ``x1_mm``."""
    return f"{axis.value.lower()}_{axis.unit}"


def positions_of(positions: Mapping[Axis, float]) -> dict[str, float]:
    """By name with unit."""
    return {axis_name(axis): position for axis, position in positions.items()}


def axes_of(places: IntArray, layout: AxisLayout, axes: Iterable[Axis]) -> dict[str, float]:
    """Those of ``axes`` that the machine has; ``places`` are thousandths."""
    return {
        axis_name(axis): int(places[layout.scalars.index(axis)]) / 1000.0
        for axis in axes
        if axis in layout.scalars
    }


def mlc_of(places: IntArray, layout: AxisLayout) -> dict[str, dict[str, list[float]]]:
    """Leaf positions by device and bank, mm."""
    leaves: dict[str, dict[str, list[float]]] = {}
    for device, pairs in layout.mlcs:
        both_mm = (places[layout.mlc_slices[device]] / 1000.0).tolist()
        first, second = (f"{bank.lower()}_mm" for bank in banks(device))
        leaves[device] = {first: both_mm[:pairs], second: both_mm[pairs:]}
    return leaves


def telemetry_of(
    told: LiveSample, layout: AxisLayout, delivery_id: str | None, dropped: int
) -> bytes:
    """The payload of a sample."""
    sample = told.sample
    message = Telemetry.model_construct(
        v=1,
        at=utc(sample.received_ns),
        delivery_id=delivery_id,
        beam=sample.beam_number,
        sample=sample.sequence,
        program_s=sample.program_s,
        state=sample.state.name.lower(),
        interlocks=[flag.name or str(flag.value) for flag in sample.interlocks],
        meterset_mu=sample.meterset_mu,
        dose_rate_mu_per_min=sample.dose_rate_mu_per_min,
        actual=_positions(sample.positions, layout),
        planned=_positions(told.planned, layout),
        dropped=dropped,
    )
    return message.model_dump_json().encode()


def _positions(places: IntArray, layout: AxisLayout) -> Positions:
    axes = axes_of(places, layout, layout.scalars)
    return Positions.model_construct(axes=axes, mlc=mlc_of(places, layout))
