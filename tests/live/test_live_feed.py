"""The live feed's messages: what is told is what is heard."""

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import FrameKind, Interlock, MachineSample, MachineState
from gateway.domain.errors import InputError
from gateway.formats.live_feed import (
    LiveBeam,
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
    decode,
    encode,
)
from gateway.ports.observer import KeptFrame

LAYOUT = AxisLayout((Axis.GANTRY, Axis.X1), (("MLCX", 2),))
FRAME = KeptFrame(2, 3, FrameKind.CINE, Path("frames.u16"), 8, 4, 5, 0.5, 1.5, 0.01, 0)
OTHERS: list[Message] = [
    LiveLink("couch", "ready"),
    LiveEvent(7, "D-1", "beam-on", 1_000),
    LiveBeam(2, "Größe", 0.0, 120.5, 61.2, 600.0),
    LiveCouch({Axis.COUCH_LATERAL: -1.25}, moving=True),
    LiveFrame(FRAME),
]

sizes = st.integers(-(2**31), 2**31 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)


@given(
    sequence=st.integers(0, 2**62),
    beam=st.integers(0, 2**31 - 1),
    untold=st.integers(0, 2**32 - 1),
    state=st.sampled_from(MachineState),
    interlocks=st.integers(0, 511).map(Interlock),
    meterset_mu=floats,
    places=st.lists(sizes, min_size=2 * LAYOUT.size, max_size=2 * LAYOUT.size),
)
def test_a_sample_comes_as_it_went(
    sequence: int,
    beam: int,
    untold: int,
    state: MachineState,
    interlocks: Interlock,
    meterset_mu: float,
    places: list[int],
) -> None:
    actual = np.array(places[: LAYOUT.size], np.int32)
    planned = np.array(places[LAYOUT.size :], np.int32)
    sample = MachineSample(sequence, 5, 6, state, interlocks, beam, 1.5, meterset_mu, 600.0, actual)
    told = decode(encode(LiveSample(sample, planned, untold)), LAYOUT)
    assert isinstance(told, LiveSample)
    assert np.array_equal(told.planned, planned)
    assert np.array_equal(told.sample.positions, actual)
    assert told.untold == untold
    same = dataclasses.replace(told.sample, positions=sample.positions)
    assert same == sample


@pytest.mark.parametrize("message", OTHERS, ids=lambda message: type(message).__name__)
def test_every_other_message_comes_as_it_went(message: Message) -> None:
    assert decode(encode(message), LAYOUT) == message


@given(st.binary(max_size=200))
def test_what_is_no_message_is_refused_and_nothing_else(datagram: bytes) -> None:
    with contextlib.suppress(InputError):
        decode(datagram, LAYOUT)


def test_a_sample_of_another_machine_is_refused() -> None:
    sample = MachineSample(
        1, 2, 3, MachineState.IDLE, Interlock.NONE, 1, 0.0, 0.0, 0.0, np.zeros(3, np.int32)
    )
    with pytest.raises(InputError, match="a sample of this machine has"):
        decode(encode(LiveSample(sample, np.zeros(3, np.int32), 0)), LAYOUT)
