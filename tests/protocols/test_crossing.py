"""Two codecs of one page, written apart: each understands what the other says, to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drivers.couch_grbl import codec as driver_grbl
from drivers.couch_grbl import messages as g
from drivers.couch_grbl.axes import SECONDS_PER_MINUTE
from drivers.epid import codec as driver_pfp
from drivers.linac import codec as driver_lcp
from gateway.domain.axes import AxisLayout
from simulators.couch.jog_line import parse_jog
from simulators.epid import messages as panel
from simulators.linac import messages as linac
from simulators.linac.states import Interlock, State
from simulators.wire import grbl as simulator_grbl
from simulators.wire import lcp as simulator_lcp
from simulators.wire import pfp as simulator_pfp
from tests.drivers.strategies import values_of
from tests.drivers.vectors import plain

REQUESTS = [
    pytest.param(codec, decoder, kind, id=f"{name} {kind.__name__}")
    for name, codec, decoder in (
        ("lcp1", driver_lcp, simulator_lcp.RequestDecoder),
        ("pfp1", driver_pfp, simulator_pfp.RequestDecoder),
    )
    for kind in codec.REQUESTS
]
SEQUENCES = st.integers(0, 2**32 - 1)
TEXTS = st.text(max_size=63)
U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
U64, I64 = st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1)
POSITIONS = hnp.arrays(np.int32, st.integers(0, 200))
STATES, INTERLOCKS = st.sampled_from(State), st.integers(0, 511).map(Interlock)
LIMIT_MM = 10**8


@pytest.mark.parametrize(("codec", "decoder", "kind"), REQUESTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_machine_understands_every_request(
    codec: Any, decoder: Any, kind: type, data: st.DataObject
) -> None:
    request = kind(*(data.draw(values_of(field)) for field in codec.REQUESTS[kind].layout))
    number = data.draw(SEQUENCES)
    wire = codec.frame(number, kind, codec.encode_payload(request))
    (understood,) = decoder().feed(wire)
    said = plain(request)
    assert understood.sequence == number
    assert plain(understood.message)[: len(said)] == said


def heard(codec: Any, wire: bytes) -> tuple[int, list[Any]]:
    """What the driver's codec makes of one message of a machine."""
    decoder = codec.answer_decoder(lambda number, message: (number, message))
    ((number, message),) = decoder.feed(wire)
    return number, plain(message)


@given(
    reply=st.one_of(
        st.builds(linac.Ack),
        st.builds(linac.Nak, st.sampled_from(linac.NakCode), TEXTS),
        st.builds(
            linac.ReadBack,
            *(STATES, INTERLOCKS, U16, TEXTS, st.lists(TEXTS, max_size=5).map(tuple)),
            *(I64, I64, U32, POSITIONS),
        ),
        st.builds(
            linac.Counter,
            *(st.booleans(), st.binary(min_size=16, max_size=16), U16, I64, I64, st.booleans()),
        ),
    ),
    number=SEQUENCES,
)
def test_the_gateway_understands_every_reply(reply: Any, number: int) -> None:
    wire = simulator_lcp.encode_reply(reply, number)
    assert heard(driver_lcp, wire) == (number, plain(reply))


@given(event=st.builds(linac.Event, U64, STATES, INTERLOCKS, TEXTS, TEXTS), number=SEQUENCES)
def test_the_gateway_understands_every_event(event: linac.Event, number: int) -> None:
    wire = simulator_lcp.encode_event(event, number)
    assert heard(driver_lcp, wire) == (number, plain(event))


@given(
    head=st.tuples(U64, STATES, INTERLOCKS, U16),
    steps=U32,
    meterset=I64,
    rate=U32,
    positions=POSITIONS,
    number=SEQUENCES,
)
def test_the_gateway_understands_all_telemetry(
    head: Any, steps: int, meterset: int, rate: int, positions: Any, number: int
) -> None:
    sample = linac.Sample(
        *head, steps / 10_000, meterset, rate / 1000, positions, np.zeros(0), dose_mu=0.0
    )
    wire = simulator_lcp.encode_telemetry(sample, number)
    said = [*map(int, head), steps, meterset, rate, positions.tolist()]
    assert heard(driver_lcp, wire) == (number, said)


@given(
    layout=st.builds(
        AxisLayout,
        st.permutations(tuple(simulator_lcp.AXIS_CODES)).map(tuple),
        st.lists(
            st.tuples(st.sampled_from(sorted(simulator_lcp.MLC_CODES)), U16),
            unique_by=lambda mlc: mlc[0],
        ).map(tuple),
    ),
    numbers=st.tuples(U16, U32, U32),
    texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS),
    number=SEQUENCES,
)
def test_the_gateway_understands_every_welcome(
    layout: AxisLayout, numbers: Any, texts: Any, number: int
) -> None:
    welcome = simulator_lcp.Welcome(*numbers, *texts, layout)
    axes = [simulator_lcp.AXIS_CODES[axis] for axis in layout.scalars]
    mlcs = [[simulator_lcp.MLC_CODES[device], pairs] for device, pairs in layout.mlcs]
    wire = simulator_lcp.encode_welcome(welcome, number)
    assert heard(driver_lcp, wire) == (number, [*numbers, *texts, axes, mlcs])


@given(
    welcome=st.builds(
        panel.Welcome, *(U16, U16, U16, U32, U32, U8, U32), *(TEXTS, TEXTS, TEXTS, TEXTS)
    ),
    nak=st.builds(panel.Nak, st.sampled_from(panel.NakCode), TEXTS),
    frames=U32,
    number=SEQUENCES,
)
def test_the_gateway_understands_every_answer_of_the_imager(
    welcome: panel.Welcome, nak: panel.Nak, frames: int, number: int
) -> None:
    for wire, said in (
        (simulator_pfp.encode_welcome(welcome, number), plain(welcome)),
        (simulator_pfp.encode_nak(nak, number), plain(nak)),
        (simulator_pfp.encode_finished(frames, number), [frames]),
        (simulator_pfp.encode_ack(number), []),
    ):
        assert heard(driver_pfp, wire) == (number, said)


@given(
    span=st.builds(panel.Span, st.sampled_from(panel.Kind), U16, U32, U64, U64, I64, I64),
    scale=st.floats(allow_nan=False, allow_infinity=False),
    saturated=U32,
    pixels=hnp.arrays(np.uint16, hnp.array_shapes(min_dims=2, max_dims=2)),
)
def test_the_gateway_understands_every_frame(
    span: panel.Span, scale: float, saturated: int, pixels: Any
) -> None:
    wire = simulator_pfp.encode_portal_frame(panel.Frame(span, scale, saturated, pixels))
    said = [*plain(span)[:-1], scale, saturated, pixels.tolist()]
    assert heard(driver_pfp, wire) == (0, said)


@given(
    micrometres=st.dictionaries(
        st.sampled_from("XYZ"), st.integers(-LIMIT_MM, LIMIT_MM), min_size=1
    ),
    feed=st.integers(1, LIMIT_MM),
)
def test_the_controller_understands_every_jog(micrometres: dict[str, int], feed: int) -> None:
    jog = g.Jog({axis: value / 1000 for axis, value in micrometres.items()}, feed / 1000)
    (line,) = simulator_grbl.LineSplitter().feed(driver_grbl.encode_line(jog))
    assert isinstance(line, simulator_grbl.Line)
    assert line.jog
    understood = parse_jog(line.text.removeprefix("$J="))
    assert understood.axes == jog.target
    assert not understood.incremental
    assert understood.feed == jog.feed / SECONDS_PER_MINUTE


@given(
    state=st.sampled_from(("Idle", "Jog", "Hold:0", "Hold:1", "Alarm")),
    position=st.tuples(*(st.integers(-LIMIT_MM, LIMIT_MM),) * 3),
    speed=st.floats(0, 1000),
    before=st.integers(0, 60),
)
def test_the_gateway_understands_every_report(
    state: str, position: tuple[int, ...], speed: float, before: int
) -> None:
    """Offsets and overrides stand in some reports only, so a run of them is made."""
    reports = simulator_grbl.Reports()
    x, y, z = (value / 1000 for value in position)
    run = b"".join(reports.status(state, (x, y, z), speed) for _ in range(before + 1))
    statuses = driver_grbl.line_decoder(lambda message: message).feed(run)
    assert len(statuses) == before + 1
    for status in statuses:
        assert isinstance(status, g.Status)
        assert (status.state, status.machine) == (state, (x, y, z))


@given(code=st.integers(0, 999))
def test_the_gateway_understands_refusals_and_alarms(code: int) -> None:
    wire = simulator_grbl.error(code) + simulator_grbl.alarm(code)
    messages = driver_grbl.line_decoder(lambda message: message).feed(wire)
    assert messages == [g.Refused(code), g.Alarm(code)]
