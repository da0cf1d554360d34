"""The live feed: what a room's process tells those who watch it, one message a datagram.

A sample is ``S``, the beam number, how many samples before it were not told, its row
(:mod:`gateway.formats.telemetry_rows`) and where the plan wants every axis at that moment, int32
thousandths of mm or degree in the machine's layout. Everything else is ``J`` and an object in JSON
whose ``type`` names it.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.delivery import FrameKind, Interlock, MachineSample, MachineState
from gateway.domain.errors import InputError
from gateway.domain.units import IntArray
from gateway.formats.telemetry_rows import pack_sample, row_dtype
from gateway.ports.observer import KeptFrame

_SAMPLE, _JSON = b"S", b"J"
_HEAD = struct.Struct("<iI")


@dataclass(frozen=True, slots=True)
class LiveSample:
    """A sample and where the plan wants its axes; ``untold`` samples before it were left out."""

    sample: MachineSample
    planned: IntArray
    untold: int


@dataclass(frozen=True, slots=True)
class LiveLink:
    """The link of a device is in a state of :class:`gateway.delivery.states.LinkState`."""

    device: str
    state: str


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """The record's event ``sequence`` is durable: its body is in the store."""

    sequence: int
    delivery_id: str
    kind: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class LiveBeam:
    """The samples that follow belong to this beam."""

    beam_number: int
    beam_name: str
    start_meterset_mu: float
    end_meterset_mu: float
    duration_s: float
    maximum_dose_rate_mu_per_min: float


@dataclass(frozen=True, slots=True)
class LiveCouch:
    """Where the couch stands, mm, IEC 61217."""

    positions_mm: Mapping[Axis, float]
    moving: bool


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A portal frame that can be read from disk."""

    frame: KeptFrame


Message = LiveSample | LiveLink | LiveEvent | LiveBeam | LiveCouch | LiveFrame


def encode(message: Message) -> bytes:
    """The message as it goes over the feed."""
    match message:
        case LiveSample(sample, planned, untold):
            head = _SAMPLE + _HEAD.pack(sample.beam_number, untold)
            return head + pack_sample(sample) + planned.astype("<i4", copy=False).tobytes()
        case LiveFrame(frame):
            body = asdict(frame) | {"path": str(frame.path), "kind": int(frame.kind)}
            return _json("frame", body)
        case LiveCouch(positions_mm, moving):
            named = {axis.value: place for axis, place in positions_mm.items()}
            return _json("couch", {"positions_mm": named, "moving": moving})
        case LiveLink():
            return _json("link", asdict(message))
        case LiveEvent():
            return _json("event", asdict(message))
        case LiveBeam():
            return _json("beam", asdict(message))


def decode(datagram: bytes, layout: AxisLayout) -> Message:
    """What :func:`encode` was given, for a machine with ``layout``. Raises InputError."""
    try:
        if datagram[:1] == _SAMPLE:
            return _sample(datagram, layout)
        if datagram[:1] == _JSON:
            return _message(json.loads(datagram[1:]))
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise InputError(f"the live feed: a message cannot be read: {error}") from error
    raise InputError(f"the live feed: no message begins with {datagram[:1]!r}")


def _json(kind: str, body: Mapping[str, Any]) -> bytes:
    text = json.dumps({"type": kind, **body}, ensure_ascii=False, allow_nan=False)
    return _JSON + text.encode()


def _sample(datagram: bytes, layout: AxisLayout) -> LiveSample:
    beam_number, untold = _HEAD.unpack_from(datagram, 1)
    dtype, start = row_dtype(layout), 1 + _HEAD.size
    whole = start + dtype.itemsize + 4 * layout.size
    if len(datagram) != whole:
        raise ValueError(f"a sample of this machine has {whole} bytes, not {len(datagram)}")
    row = np.frombuffer(datagram, dtype, 1, start)[0]
    planned = np.frombuffer(datagram, "<i4", layout.size, start + dtype.itemsize)
    sample = MachineSample(
        sequence=int(row["sequence"]),
        machine_time_ns=int(row["machine_time_ns"]),
        received_ns=int(row["received_ns"]),
        state=MachineState(int(row["state"])),
        interlocks=Interlock(int(row["interlocks"])),
        beam_number=beam_number,
        program_s=float(row["program_s"]),
        meterset_mu=float(row["meterset_mu"]),
        dose_rate_mu_per_min=float(row["dose_rate_mu_per_min"]),
        positions=row["positions"],
    )
    return LiveSample(sample, planned, untold)


def _message(found: dict[str, Any]) -> Message:
    kind = found.pop("type")
    if kind == "link":
        return LiveLink(**found)
    if kind == "event":
        return LiveEvent(**found)
    if kind == "beam":
        return LiveBeam(**found)
    if kind == "couch":
        named = {Axis(name): float(place) for name, place in found["positions_mm"].items()}
        return LiveCouch(named, bool(found["moving"]))
    if kind == "frame":
        found |= {"path": Path(found["path"]), "kind": FrameKind(found["kind"])}
        return LiveFrame(KeptFrame(**found))
    raise ValueError(f"no message has the type {kind!r}")
