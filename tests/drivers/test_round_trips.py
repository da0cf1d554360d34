"""Messages survive the wire, whatever their values: encode, frame, cut, decode, compare."""

from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.couch_grbl import codec as grbl
from drivers.couch_grbl import messages as g
from drivers.epid import codec as pfp
from drivers.epid import messages as p
from drivers.fields import Coded, Number, Payload
from drivers.framing import encode_frame, frame_taker
from drivers.incremental import IncrementalDecoder
from drivers.linac import codec as lcp
from drivers.linac import messages as m
from gateway.domain.delivery import FrameKind
from gateway.domain.errors import LocalProtocolError
from tests.drivers.strategies import values_of
from tests.drivers.vectors import plain, same

LAYOUTS = [
    pytest.param(codec.FORMAT, layout, id=f"{name} {layout.message.__name__}")
    for name, codec in (("lcp1", lcp), ("pfp1", pfp))
    for layout in (*codec.REQUESTS.values(), *codec.ANSWERS.values())
]


@pytest.mark.parametrize(("form", "layout"), LAYOUTS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_binary_messages(form: Any, layout: Payload[Any], data: st.DataObject) -> None:
    message = layout.message(*(data.draw(values_of(field)) for field in layout.layout))
    sequence = data.draw(st.integers(0, 2**32 - 1))
    wire = encode_frame(form, layout.kind, sequence, layout.encode(message))
    decoder = IncrementalDecoder(
        frame_taker(form, {layout.kind: layout.decode}, lambda number, got: (number, got))
    )
    cut = data.draw(st.integers(0, len(wire)))
    ((number, got),) = decoder.feed(wire[:cut]) + decoder.feed(wire[cut:])
    assert number == sequence
    assert same(got, message)


@given(
    target=st.dictionaries(st.sampled_from("XYZ"), st.integers(-(10**8), 10**8), min_size=1),
    feed=st.integers(1, 10**8),
)
def test_jogs_say_their_target_to_the_last_decimal(target: dict[str, int], feed: int) -> None:
    jog = g.Jog({axis: value / 1000 for axis, value in target.items()}, feed / 1000)
    words = grbl.encode_line(jog).decode("ascii").removesuffix("\n").split(" ")
    assert words[:3] == ["$J=G90", "G21", "G53"]
    said = {word[0]: round(float(word[1:]) * 1000) for word in words[3:]}
    assert said == {**target, "F": feed}
    assert not any("-0.000" in word for word in words)


@given(
    state=st.sampled_from(sorted(grbl.MAIN_STATES)),
    position=st.tuples(*(st.integers(-(10**8), 10**8),) * 3),
    name=st.sampled_from(("MPos", "WPos")),
    rest=st.sampled_from(("", "|FS:0,0", "|Ov:100,100,100", "|Pn:X|Bf:15,128", "|A:S")),
)
def test_status_reports(state: str, position: tuple[int, ...], name: str, rest: str) -> None:
    numbers = ",".join(f"{value / 1000:.3f}" for value in position)
    message = grbl.decode_line(f"<{state}|{name}:{numbers}{rest}>")
    assert isinstance(message, g.Status)
    machine, work = (list(position), None) if name == "MPos" else (None, list(position))
    micrometres = [
        None if triple is None else [round(value * 1000) for value in triple]
        for triple in (message.machine, message.work)
    ]
    assert message.state == state
    assert micrometres == [machine, work]


@pytest.mark.parametrize(
    "request_",
    [
        m.Hello(1, "x" * 256),
        m.Hello(1, "\ud800"),
        m.Hello(2**16, "gw"),
        m.Hello(-1, "gw"),
        m.ReadCounter(b"short", 1),
        m.LoadBegin(bytes(16), 1, "", "", 2, 1, float("nan"), 0, ()),
        m.LoadBegin(bytes(16), 1, "", "", 2, 1, 1.0, 0, ("",) * 256),
        m.LoadProfile(0, np.zeros((1, 3))),
        m.LoadControlPoint(0, 2**63, np.zeros(1, np.int32)),
    ],
    ids=lambda request_: f"{type(request_).__name__}",
)
def test_what_does_not_fit_is_refused_here(request_: m.Request) -> None:
    with pytest.raises(LocalProtocolError):
        lcp.encode_payload(request_)


@pytest.mark.parametrize(
    "jog",
    [
        g.Jog({}, 1.0),
        g.Jog({"A": 1.0}, 1.0),
        g.Jog({"X": float("nan")}, 1.0),
        g.Jog({"X": 1e6}, 1.0),
        g.Jog({"X": 1.0}, 0.0),
        g.Jog({"X": 1.0}, float("inf")),
    ],
    ids=str,
)
def test_a_jog_that_cannot_be_said_is_refused_here(jog: g.Jog) -> None:
    with pytest.raises(LocalProtocolError):
        grbl.encode_line(jog)


def test_codes_without_a_meaning_are_refused_here() -> None:
    field = Coded(Number("B"), {1: Number})
    with pytest.raises(LocalProtocolError, match="no code"):
        field.write(Enum)


def test_arrays_that_arrive_are_read_only() -> None:
    layout = pfp.ANSWERS[next(kind for kind in pfp.ANSWERS if kind.__name__ == "Frame")]
    pixels = np.arange(6, dtype=np.uint16).reshape(2, 3)
    frame = layout.decode(
        layout.encode(layout.message(FrameKind.CINE, 1, 1, 0, 0, 0, 0, 1.0, 0, pixels))
    )
    assert plain(frame)[-1] == [[0, 1, 2], [3, 4, 5]]
    assert not frame.pixels.flags.writeable
    assert frame.pixels.flags.aligned


def test_large_frames_are_views_that_later_ones_leave_alone() -> None:
    """A frame of 2.8 MB is not copied when it is whole; what comes then goes elsewhere."""
    images = [np.full((300, 400), number, np.uint16) for number in (1, 2, 3)]
    layout = pfp.ANSWERS[p.Frame]
    wire = b"".join(
        encode_frame(
            pfp.FORMAT,
            layout.kind,
            0,
            layout.encode(p.Frame(FrameKind.CINE, 1, number, 0, 1, 0, 1, 1.0, 0, image)),
        )
        for number, image in enumerate(images, 1)
    )
    decoder = pfp.answer_decoder(lambda _, message: message)
    frames = [
        frame
        for start in range(0, len(wire), 65_537)
        for frame in decoder.feed(wire[start : start + 65_537])
    ]
    decoder.check()
    assert all(isinstance(frame, p.Frame) for frame in frames)
    for frame, image in zip(frames, images, strict=True):
        assert isinstance(frame, p.Frame)
        assert np.array_equal(frame.pixels, image)
        assert not frame.pixels.flags.writeable
        assert frame.pixels.base is not None
        assert isinstance(frame.pixels.base.base, memoryview), "it was copied"
