"""The shared wire vectors through the machines' codecs: whole, by bytes, with trailing bytes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.domain.axes import Axis, AxisLayout
from gateway.domain.errors import RemoteProtocolError
from gateway.domain.units import FloatArray
from simulators.couch.jog_line import parse_jog
from simulators.epid import messages as pm
from simulators.linac import messages as m
from simulators.linac.states import Interlock, State
from simulators.wire import grbl, lcp, pfp

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


@pytest.mark.parametrize(
    "vector", vectors("grbl11.json", "gateway") + vectors("grbl11.json", "person")
)
def test_grbl_requests(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    real_time = {
        "ASK_STATUS": ord("?"),
        "JOG_CANCEL": 0x85,
        "FEED_HOLD": ord("!"),
        "RESUME": ord("~"),
        "SOFT_RESET": 0x18,
    }
    lines = {"BUILD_INFO": "$I", "UNLOCK": "$X"}
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))], [data + b"$J"]):
        splitter = grbl.LineSplitter()
        (item,) = [item for chunk in chunks for item in splitter.feed(chunk)]
        if isinstance(item, int):
            assert item == real_time[vector["type"]]
        elif vector["type"] == "JOG":
            jog = parse_jog(item.text.removeprefix("$J="))
            assert jog.axes == vector["fields"]["target"]
            assert jog.feed * 60.0 == pytest.approx(vector["fields"]["feed"], rel=1e-12)
            assert not jog.incremental
        else:
            assert item == grbl.Line(lines[vector["type"]], overflown=False)


@pytest.mark.parametrize("vector", vectors("grbl11.json", "controller"))
def test_grbl_answers(vector: dict[str, Any]) -> None:
    """What the controller can say of the vectors, it says in the same bytes."""
    fields, wanted = vector["fields"], bytes.fromhex(vector["hex"])
    match vector["type"]:
        case "OK":
            assert wanted == grbl.OK
        case "ERROR":
            assert grbl.error(fields["code"]) == wanted
        case "ALARM":
            assert grbl.alarm(fields["code"]) == wanted
        case "BANNER":
            assert grbl.BANNER.endswith(wanted)
        case "BLANK":
            assert grbl.BANNER.startswith(wanted)
        case "FEEDBACK":
            assert wanted.startswith(f"[{fields['kind']}:".encode())
            said = grbl.BUILD + grbl.UNLOCKED_MESSAGE
            if fields["kind"] in ("OPT", "MSG") and fields["text"]:
                assert wanted in said
        case "STATUS":
            reports = grbl.Reports()
            reports.status("Idle", (0.0, 0.0, 0.0), 0.0)
            position = tuple(fields["mpos"] or fields["wpos"])
            said = reports.status(fields["state"], position, 0.0)
            fits = said if fields["mpos"] else said.replace(b"|MPos:", b"|WPos:")
            assert wanted.split(b"|")[:2] == fits.split(b"|")[:2]
        case name:
            raise AssertionError(name)


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (0, 0x4D, "starts with"),
        (1, 0x44, "starts with"),
        (2, 0x02, "starts with"),
        (3, 0x7F, "CRC"),
        (4, 0x55, "CRC"),
        (11, 0x7F, "at most"),
        (12, 0x55, "CRC"),
        (-1, 0x55, "CRC"),
    ],
)
def test_a_wrong_byte_breaks_the_link_for_good(at: int, value: int, why: str) -> None:
    data = bytearray(lcp.encode_frame(b"LC", 0x08, 1, b"\x01\x02\x03\x04"))
    good = bytes(data)
    data[at] = value
    decoder = lcp.RequestDecoder()
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(bytes(data)))
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(good))


@pytest.mark.parametrize(
    ("kind", "payload", "why"),
    [
        (0x08, b"\x01\x02\x03", "too short"),
        (0x08, b"\x01\x02\x03\x04\x05", "too long"),
        (0x02, b"\x00", "too long"),
        (0x01, b"\x01\x00\x05ab", "too short"),
        (0x01, b"\x01\x00\x02\xc3\x28", "UTF-8"),
        (0x0F, b"", "no message 0F"),
        (0x81, b"", "no message 81"),
    ],
)
def test_a_payload_that_does_not_fit_breaks_the_link(kind: int, payload: bytes, why: str) -> None:
    decoder = lcp.RequestDecoder()
    with pytest.raises(RemoteProtocolError, match=why):
        list(decoder.feed(lcp.encode_frame(b"LC", kind, 1, payload)))


def test_axes_have_the_codes_of_the_page() -> None:
    assert lcp.AXIS_CODES[Axis.GANTRY] == 1
    assert lcp.AXIS_CODES[Axis.Y2] == 12
    assert Axis.COUCH_LATERAL not in lcp.AXIS_CODES


def test_a_kind_of_acquisition_that_does_not_exist_breaks_the_link() -> None:
    data = pfp.encode_frame(b"PF", 0x02, 1, b"\x01\x00\x02\x00\x00\x00\x00")
    with pytest.raises(RemoteProtocolError, match="kind"):
        list(pfp.RequestDecoder().feed(data))
