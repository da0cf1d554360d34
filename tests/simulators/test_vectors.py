"""The shared wire vectors through the machines' codecs: whole, by bytes, with trailing bytes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.domain.axes import AxisLayout
from gateway.domain.units import FloatArray
from simulators.epid import messages as pm
from simulators.linac import messages as m
from simulators.linac.states import Interlock, State
from simulators.wire import lcp, pfp

VECTORS = Path(__file__).resolve().parents[1] / "protocols" / "vectors"


def vectors(name: str, sender: str) -> list[Any]:
    found = json.loads((VECTORS / name).read_text(encoding="utf-8"))["vectors"]
    return [
        pytest.param(vector, id=f"{vector['type']}-{vector['note']}-{number}")
        for number, vector in enumerate(found)
        if vector["sender"] == sender
    ]


def plain(value: object) -> object:
    """Arrays as lists, so that messages compare."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    slots = getattr(type(value), "__slots__", None)
    if slots is None or isinstance(value, tuple):
        return value
    return (type(value).__name__, {slot: plain(getattr(value, slot)) for slot in slots})


def lcp_request(vector: dict[str, Any]) -> m.Hello | m.Command:
    fields = vector["fields"]
    raw = bytes.fromhex(vector["hex"])[12:-4]
    simple = {
        "HEARTBEAT": m.Heartbeat,
        "PREPARE": m.Prepare,
        "HOLD": m.Hold,
        "RESUME": m.Resume,
        "TERMINATE": m.Terminate,
        "READ_BACK": m.AskReadBack,
        "UNLOAD": m.Unload,
    }
    single = {
        "HELLO": lambda: m.Hello(fields["protocol"], fields["client"]),
        "LOAD_END": lambda: m.LoadEnd(fields["program_crc"]),
        "BEAM_ON": lambda: m.BeamOn(fields["program_crc"]),
        "READ_COUNTER": lambda: m.AskCounter(bytes.fromhex(fields["token"]), fields["beam_number"]),
    }
    name = vector["type"]
    if name.startswith("LOAD_") and name not in single:
        return lcp_load(name, fields, raw)
    return single.get(name, simple.get(name))()


def lcp_load(name: str, fields: dict[str, Any], raw: bytes) -> m.Command:
    if name == "LOAD_BEGIN":
        return m.LoadBegin(
            bytes.fromhex(fields["token"]),
            fields["beam_number"],
            fields["beam_name"],
            fields["mode"],
            fields["control_points"],
            fields["profile_pieces"],
            fields["duration_s"],
            fields["maximum_dose_rate"],
            tuple(fields["accessories"]),
            raw,
        )
    if name == "LOAD_CONTROL_POINT":
        positions = np.array(fields["positions"], dtype=np.int32)
        return m.LoadControlPoint(fields["index"], fields["meterset"], positions, raw)
    pieces: FloatArray = np.array(fields["pieces"], dtype=np.float64).reshape(-1, 4)
    return m.LoadProfile(fields["index"], pieces, raw)


def lcp_encoded(vector: dict[str, Any]) -> bytes:
    fields, sequence = vector["fields"], vector["sequence"]
    match vector["type"]:
        case "WELCOME":
            axes = {code: axis for axis, code in lcp.AXIS_CODES.items()}
            mlcs = {code: device for device, code in lcp.MLC_CODES.items()}
            layout = AxisLayout(
                tuple(axes[code] for code in fields["axes"]),
                tuple((mlcs[code], pairs) for code, pairs in fields["mlcs"]),
            )
            welcome = lcp.Welcome(
                fields["protocol"],
                fields["sample_period_us"],
                fields["dead_man_ms"],
                fields["manufacturer"],
                fields["model"],
                fields["serial_number"],
                fields["software_version"],
                layout,
            )
            return lcp.encode_welcome(welcome, sequence)
        case "TELEMETRY":
            sample = m.Sample(
                fields["machine_time_ns"],
                State(fields["state"]),
                Interlock(fields["interlocks"]),
                fields["beam_number"],
                fields["program_s"] / 10_000,
                fields["meterset"],
                fields["dose_rate"] / 1000,
                np.array(fields["positions"], dtype=np.int32),
                np.zeros(0),
                0.0,
            )
            return lcp.encode_telemetry(sample, sequence)
        case "EVENT":
            event = m.Event(
                fields["machine_time_ns"],
                State(fields["state"]),
                Interlock(fields["interlocks"]),
                fields["code"],
                fields["text"],
            )
            return lcp.encode_event(event, sequence)
        case _:
            return lcp.encode_reply(lcp_reply(vector["type"], fields), sequence)


def lcp_reply(name: str, fields: dict[str, Any]) -> m.Reply:
    match name:
        case "ACK":
            return m.Ack()
        case "NAK":
            return m.Nak(m.NakCode(fields["code"]), fields["text"])
        case "READ_BACK":
            return m.ReadBack(
                State(fields["state"]),
                Interlock(fields["interlocks"]),
                fields["beam_number"],
                fields["mode"],
                tuple(fields["accessories"]),
                fields["start_meterset"],
                fields["end_meterset"],
                fields["program_crc"],
                np.array(fields["positions"], dtype=np.int32),
            )
        case "COUNTER":
            return m.Counter(
                known=bool(fields["known"]),
                token=bytes.fromhex(fields["token"]),
                beam_number=fields["beam_number"],
                start_umu=fields["start_meterset"],
                meterset_umu=fields["meterset"],
                finished=bool(fields["finished"]),
            )
    raise AssertionError(name)


@pytest.mark.parametrize("vector", vectors("lcp1.json", "gateway"))
def test_lcp_requests(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    wanted = (vector["sequence"], plain(lcp_request(vector)))
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))], [data + data[:7]]):
        decoder = lcp.RequestDecoder()
        found = [request for chunk in chunks for request in decoder.feed(chunk)]
        assert [(one.sequence, plain(one.message)) for one in found] == [wanted]


@pytest.mark.parametrize("vector", vectors("lcp1.json", "machine"))
def test_lcp_answers(vector: dict[str, Any]) -> None:
    assert lcp_encoded(vector).hex() == vector["hex"]


@pytest.mark.parametrize("vector", vectors("pfp1.json", "gateway"))
def test_pfp_requests(vector: dict[str, Any]) -> None:
    fields = vector["fields"]
    wanted: pm.Command = pm.Finish()
    if vector["type"] == "HELLO":
        wanted = pm.Hello(fields["protocol"], fields["client"])
    elif vector["type"] == "START":
        wanted = pm.Start(fields["beam_number"], pm.Kind(fields["kind"]), fields["frame_rate"])
    data = bytes.fromhex(vector["hex"])
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))], [data + data[:7]]):
        decoder = pfp.RequestDecoder()
        found = [request for chunk in chunks for request in decoder.feed(chunk)]
        assert found == [pfp.Request(vector["sequence"], wanted)]


@pytest.mark.parametrize("vector", vectors("pfp1.json", "imager"))
def test_pfp_answers(vector: dict[str, Any]) -> None:
    fields, sequence = vector["fields"], vector["sequence"]
    match vector["type"]:
        case "WELCOME":
            data = pfp.encode_welcome(pm.Welcome(*fields.values()), sequence)
        case "ACK":
            data = pfp.encode_ack(sequence)
        case "NAK":
            data = pfp.encode_nak(pm.Nak(pm.NakCode(fields["code"]), fields["text"]), sequence)
        case "FINISHED":
            data = pfp.encode_finished(fields["frames"], sequence)
        case "FRAME":
            span = pm.Span(
                pm.Kind(fields["kind"]),
                fields["beam_number"],
                fields["frame_number"],
                fields["start_time_ns"],
                fields["end_time_ns"],
                fields["start_meterset"],
                fields["end_meterset"],
            )
            pixels = np.array(fields["pixels"], dtype=np.uint16)
            data = pfp.encode_portal_frame(
                pm.Frame(span, fields["cu_per_count"], fields["saturated"], pixels)
            )
        case name:
            raise AssertionError(name)
    assert data.hex() == vector["hex"]
