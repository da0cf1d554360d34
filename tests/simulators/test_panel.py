"""The imager: its acquisition, and one connection to it."""

import struct

import numpy as np
import pytest

from gateway.domain.errors import RemoteProtocolError
from simulators.control import Control
from simulators.epid import messages as pm
from simulators.epid.panel import Panel, Refused
from simulators.epid.session import ImagerSession, Turn
from simulators.wire.framing import Deframer, encode_frame, encode_string
from tests.simulators.builders import PANEL, TICK_NS

PLACE = np.zeros(3)


def panel(kind: pm.Kind = pm.Kind.INTEGRATED, rate_mhz: int = 0) -> Panel:
    made = Panel(25.0)
    made.start(pm.Start(7, kind, rate_mhz))
    return made


def expose(
    made: Panel, cycles: range, *, moving_mm: float = 0.0, dose_mu: float = 0.1
) -> list[pm.Exposure]:
    """Dose in each of these cycles, the meterset counted by cycles."""
    return [
        exposure
        for cycle in cycles
        for exposure in made.expose(
            PLACE + moving_mm * cycle,
            dose_mu,
            round((cycle + 1) * dose_mu * 1e6),
            (cycle * TICK_NS, (cycle + 1) * TICK_NS),
        )
    ]


def test_a_static_beam_is_one_place() -> None:
    made = panel()
    assert expose(made, range(5, 100)) == []
    (exposure,), frames = made.finish()
    assert frames == 1
    assert exposure.positions.shape == (1, 3)
    assert exposure.meterset_mu == pytest.approx([9.5])
    assert exposure.closes == pm.Span(
        pm.Kind.INTEGRATED, 7, 1, 5 * TICK_NS, 100 * TICK_NS, 500_000, 10_000_000
    )


def test_every_exposure_names_the_beam_mode() -> None:
    made = panel()
    made.mode = "6X"
    parts = expose(made, range(300), moving_mm=0.5)
    last, _ = made.finish()
    assert [part.mode for part in (*parts, *last)] == ["6X", "6X"]


def test_a_moving_beam_is_handed_on_in_parts() -> None:
    made = panel()
    parts = expose(made, range(600), moving_mm=0.5)
    last, frames = made.finish()
    assert frames == 1
    assert [part.closes is None for part in (*parts, *last)] == [True, True, False]
    assert sum(part.meterset_mu.sum() for part in (*parts, *last)) == pytest.approx(60.0)
    places = np.concatenate([part.positions for part in (*parts, *last)])
    assert places[:, 0] == pytest.approx(np.arange(600) * 0.5)


def test_slow_motion_is_not_merged_away() -> None:
    """Places are merged within 0.02 mm of the first of them, not of the last."""
    made = panel()
    expose(made, range(100), moving_mm=0.005)
    (exposure,), _ = made.finish()
    assert np.diff(exposure.positions[:, 0]).max() <= 0.02 + 0.005 + 1e-9


def test_cine_frames_come_every_period_and_a_last_one_for_the_rest() -> None:
    made = panel(pm.Kind.CINE, 10_000)
    frames = [one.closes for one in expose(made, range(52)) if one.closes]
    last, count = made.finish()
    assert last[-1].closes is not None
    assert count == 11
    assert [frame.number for frame in frames] == list(range(1, 11))
    assert {frame.end_ns - frame.start_ns for frame in frames} == {100_000_000}
    assert {frame.end_umu - frame.start_umu for frame in frames} == {500_000}
    assert {frame.period_ns for frame in frames} == {100_000_000}


def test_cine_makes_no_frames_in_a_hold() -> None:
    made = panel(pm.Kind.CINE, 10_000)
    frames = expose(made, range(10)) + expose(made, range(200, 210))
    last, count = made.finish()
    spans = [one.closes for one in (*frames, *last) if one.closes]
    assert count == len(spans) == 4
    assert [span.start_ns // TICK_NS for span in spans] == [0, 5, 200, 205]


def test_no_dose_no_frame() -> None:
    assert panel().finish() == ([], 0)


def test_an_abandoned_acquisition_is_lost() -> None:
    made = panel()
    expose(made, range(10))
    made.abandon()
    made.start(pm.Start(8, pm.Kind.INTEGRATED, 0))
    assert made.finish() == ([], 0)


@pytest.mark.parametrize("rate_mhz", [0, 25_001])
def test_impossible_frame_rates_are_refused(rate_mhz: int) -> None:
    with pytest.raises(Refused) as refused:
        Panel(25.0).start(pm.Start(1, pm.Kind.CINE, rate_mhz))
    assert refused.value.nak.code is pm.NakCode.LIMIT


def test_start_and_finish_want_their_state() -> None:
    made = panel()
    with pytest.raises(Refused, match="under way"):
        made.start(pm.Start(1, pm.Kind.INTEGRATED, 0))
    made.finish()
    with pytest.raises(Refused, match="no acquisition"):
        made.finish()


def hello(sequence: int = 1, protocol: int = 1) -> bytes:
    return encode_frame(b"PF", 0x01, sequence, struct.pack("<H", protocol) + encode_string("test"))


def start(sequence: int = 2) -> bytes:
    return encode_frame(b"PF", 0x02, sequence, struct.pack("<HBI", 3, 0, 0))


def finish(sequence: int = 3) -> bytes:
    return encode_frame(b"PF", 0x03, sequence)


def types(outputs: list[object]) -> list[object]:
    """Message types of bytes; what is not bytes as it is."""
    return [
        next(Deframer(b"PF", 1 << 24).feed(output)).type if isinstance(output, bytes) else output
        for output in outputs
    ]


def test_a_session_from_hello_to_finished() -> None:
    made, control = Panel(25.0), Control()
    session = ImagerSession(PANEL, made, control)
    assert types(list(session.receive(hello()))) == [0x81]
    assert types(list(session.receive(start()))) == [Turn.BEGIN, 0x82]
    expose(made, range(3))
    outputs = list(session.receive(finish()))
    assert isinstance(outputs[0], pm.Exposure)
    assert types(outputs[1:]) == [Turn.END, 0x84]
    assert types(list(session.receive(finish(4)))) == [0x83]


def test_one_client_at_a_time() -> None:
    made, control = Panel(25.0), Control()
    first, second = (ImagerSession(PANEL, made, control) for _ in range(2))
    list(first.receive(hello()))
    (busy,) = second.receive(hello())
    assert isinstance(busy, bytes)
    frame = next(Deframer(b"PF", 1 << 24).feed(busy))
    assert frame.type == 0x83
    assert struct.unpack_from("<H", frame.payload) == (6,)
    second.close()
    list(first.receive(start()))
    first.close()
    assert not made.acquiring
    assert types(list(second.receive(hello(2)))) == [0x81]


def test_hello_comes_first_and_speaks_the_protocol() -> None:
    session = ImagerSession(PANEL, Panel(25.0), Control())
    assert types(list(session.receive(hello(protocol=2)))) == [0x83]
    with pytest.raises(RemoteProtocolError, match="before HELLO"):
        list(session.receive(start()))
