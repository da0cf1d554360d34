"""Hypothesis strategies for telemetry."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from gateway.domain.axes import COUCH_TRANSLATIONS, Axis, AxisLayout
from gateway.domain.delivery import Interlock, MachineSample, MachineState
from gateway.domain.telemetry import BeamTelemetry

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
TIMES_NS = st.integers(0, 2**62)
MICRO = st.integers(0, 10**10)
"""Metersets and path positions are stored in millionths."""
MILLI = st.integers(-(10**7), 10**7)
"""Dose rates and positions are stored in thousandths."""

LAYOUTS = st.builds(
    AxisLayout,
    st.lists(st.sampled_from(Axis), unique=True, max_size=4).map(tuple),
    st.sampled_from([(), (("MLCX", 2),), (("MLCX1", 3), ("MLCX2", 1)), (("MLCY", 1),)]),
)


def samples(layout: AxisLayout) -> st.SearchStrategy[MachineSample]:
    """Any sample of a machine with ``layout``; floats are any, finite or not."""
    return st.builds(
        MachineSample,
        sequence=INT64,
        machine_time_ns=INT64,
        received_ns=INT64,
        state=st.sampled_from(MachineState),
        interlocks=st.integers(0, 511).map(Interlock),
        beam_number=st.just(1),
        program_s=st.floats(),
        meterset_mu=st.floats(),
        dose_rate_mu_per_min=st.floats(),
        positions=st.lists(INT32, min_size=layout.size, max_size=layout.size).map(
            lambda values: np.array(values, dtype=np.int32)
        ),
    )


@st.composite
def telemetry(draw: Any) -> BeamTelemetry:
    """Telemetry whose values lie on the grid of the file; couch times in any order."""
    layout = draw(LAYOUTS)
    rows, reports = draw(st.integers(0, 6)), draw(st.integers(0, 4))

    def column(values: st.SearchStrategy[int], size: int) -> Any:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=np.int64)

    couch_axes = draw(st.sampled_from([(), COUCH_TRANSLATIONS]))
    clashing = set(couch_axes) & set(layout.scalars)
    couch_axes = tuple(axis for axis in couch_axes if axis not in clashing)
    return BeamTelemetry(
        beam_number=draw(st.integers(1, 999)),
        layout=layout,
        sequence=column(INT64, rows),
        machine_time_ns=column(TIMES_NS, rows),
        received_ns=column(TIMES_NS, rows),
        state=column(st.integers(0, 8), rows),
        interlocks=column(st.integers(0, 511), rows),
        program_s=column(MICRO, rows) * 1e-6,
        meterset_mu=column(MICRO, rows) * 1e-6,
        dose_rate_mu_per_min=column(MILLI, rows) * 1e-3,
        positions=column(INT32, rows * layout.size).astype(np.int32).reshape(rows, layout.size),
        couch_time_ns=column(TIMES_NS, reports),
        couch_mm={axis: column(MILLI, reports) * 1e-3 for axis in couch_axes},
    )
