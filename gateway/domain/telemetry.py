"""One beam's telemetry as columns, as it was received."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.units import FloatArray, IntArray

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BeamTelemetry:
    """Columns of equal length ``n`` of :class:`gateway.domain.delivery.MachineSample`.

    ``positions`` is ``(n, layout.size)`` int32 in thousandths of mm or degree. The couch is polled
    on its own line: ``couch_time_ns`` (receipt) and ``couch_mm`` have a length of their own.
    ``received_ns`` and ``couch_time_ns`` are on the gateway's monotonic clock.
    """

    beam_number: int
    layout: AxisLayout
    sequence: Int64Array
    machine_time_ns: Int64Array
    received_ns: Int64Array
    state: Int64Array
    interlocks: Int64Array
    program_s: FloatArray
    meterset_mu: FloatArray
    dose_rate_mu_per_min: FloatArray
    positions: IntArray
    couch_time_ns: Int64Array
    couch_mm: Mapping[Axis, FloatArray]
