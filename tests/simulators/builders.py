"""Rooms, programs and upload messages for the simulators' tests, built by hand."""

import struct
import zlib
from dataclasses import replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import (
    AxisLimits,
    BeamMode,
    CouchModel,
    MachineModel,
    MlcModel,
    PanelModel,
    ServoModel,
)
from gateway.domain.room import Bounds, CouchAxisMap, Link, Room
from gateway.domain.units import FloatArray
from simulators.linac import messages as m
from simulators.wire.framing import encode_frame, encode_string

TOKEN = bytes(range(16))
TICK_NS = 20_000_000
PHOTONS = BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0)
ELECTRONS = BeamMode("9E", "ELECTRON", 9.0, "STANDARD", 1000.0)
SERVO = ServoModel(0.005, 0.005, 0.01, 2.0, 2.0, 2.0)


def mlc(pairs: int = 4, device: str = "MLCX") -> MlcModel:
    return MlcModel(
        device,
        np.linspace(-5.0 * pairs, 5.0 * pairs, pairs + 1),
        speed=25.0,
        acceleration=500.0,
        retract_mm=200.0,
        overtravel_mm=160.0,
        span_mm=145.0,
        minimum_gap_mm=0.5,
        interdigitation=True,
        transmission=0.016,
        tip_radius_mm=80.0,
        dosimetric_leaf_gap_mm=1.3,
    )


def machine(pairs: int = 4, servo: ServoModel = SERVO) -> MachineModel:
    return MachineModel(
        name="test-linac",
        manufacturer="Phantom Works",
        model_name="Bench",
        serial_number="0001",
        software_version="1.0",
        sad_mm=1000.0,
        axes={
            Axis.GANTRY: AxisLimits(-185.0, 185.0, 6.0, 6.0),
            Axis.COLLIMATOR: AxisLimits(-175.0, 175.0, 15.0, 15.0),
            Axis.COUCH_ROTATION: AxisLimits(-100.0, 100.0, 3.0, 3.0),
            Axis.X1: AxisLimits(-200.0, 20.0, 25.0, 100.0),
            Axis.X2: AxisLimits(-20.0, 200.0, 25.0, 100.0),
            Axis.Y1: AxisLimits(-200.0, 100.0, 25.0, 100.0),
            Axis.Y2: AxisLimits(-100.0, 200.0, 25.0, 100.0),
        },
        jaw_types=("ASYMX", "ASYMY"),
        fixed_jaws=False,
        mlcs={"MLCX": mlc(pairs)},
        beam_modes=(PHOTONS, ELECTRONS),
        minimum_dose_rate_mu_per_min=5.0,
        mu_per_pulse=0.028,
        sample_period_s=0.02,
        servo=servo,
    )


PANEL = PanelModel(
    name="test-panel",
    manufacturer="Phantom Works",
    model_name="Film",
    serial_number="0002",
    rows=24,
    columns=32,
    pitch_mm=12.0,
    sid_mm=1500.0,
    blur_sigma_mm=0.75,
    quanta_per_cu=1000.0,
    electronic_noise_counts=2.0,
    dark_counts=0.0,
    bits=14,
    maximum_frame_rate_hz=25.0,
)
COUCH = CouchModel(
    "test-couch",
    {
        Axis.COUCH_VERTICAL: AxisLimits(-400.0, 100.0, 20.0, 50.0),
        Axis.COUCH_LONGITUDINAL: AxisLimits(-100.0, 1500.0, 50.0, 100.0),
        Axis.COUCH_LATERAL: AxisLimits(-250.0, 250.0, 40.0, 100.0),
    },
    poll_period_s=0.1,
    staleness_s=0.5,
)
BOUNDS = Bounds(0.05, 0.25, 0.1, 0.25, 1.0, 2.0, 10.0, 30.0, 1.0, 0.01, 0.1, 0.2, 2.0)


def room(pairs: int = 4, name: str = "bench") -> Room:
    return Room(
        name=name,
        description="a room for tests",
        simulated=True,
        machine=machine(pairs),
        couch=COUCH,
        couch_axes={
            Axis.COUCH_LATERAL: CouchAxisMap("X", 1, 0.0),
            Axis.COUCH_LONGITUDINAL: CouchAxisMap("Y", 1, -500.0),
            Axis.COUCH_VERTICAL: CouchAxisMap("Z", -1, 0.0),
        },
        panel=PANEL,
        linac_link=Link("lcp/1", "memory:"),
        couch_link=Link("grbl/1.1", "memory:"),
        imager_link=Link("pfp/1", "memory:"),
        bounds=BOUNDS,
        tolerances="default",
    )


def rows(model: MachineModel, count: int, **columns: FloatArray) -> FloatArray:
    """Program rows at rest on a 20 mm square field, with the named columns replaced."""
    names = model.layout.names
    still = {"X1": -50.0, "X2": 50.0, "Y1": -50.0, "Y2": 50.0}
    table = np.zeros((count, len(names)))
    for column, name in enumerate(names):
        if name.startswith("MLC"):
            table[:, column] = -10.0 if "_X1_" in name else 10.0
        else:
            table[:, column] = still.get(name, 0.0)
        if name in columns:
            table[:, column] = columns[name]
    return table


def steady_pieces(count: int, duration_s: float) -> FloatArray:
    """One piece of steady speed through all rows."""
    return np.array([[0.0, 0.0, (count - 1) / duration_s, 0.0]])


def upload(
    table: FloatArray,
    meterset_mu: FloatArray,
    pieces: FloatArray,
    duration_s: float,
    *,
    beam_number: int = 1,
    mode: str = "6X",
    rate_mu_per_min: float = 600.0,
    token: bytes = TOKEN,
    accessories: tuple[str, ...] = (),
) -> list[m.Command]:
    """LOAD_BEGIN to LOAD_END as data, with payloads written from the protocol page."""
    begin = b"".join(
        (
            token,
            struct.pack("<H", beam_number),
            encode_string("beam"),
            encode_string(mode),
            struct.pack("<II", len(table), len(pieces)),
            struct.pack("<dI", duration_s, round(rate_mu_per_min * 1000)),
            bytes([len(accessories)]),
            *(encode_string(accessory) for accessory in accessories),
        )
    )
    commands: list[m.Command] = [
        m.LoadBegin(
            token,
            beam_number,
            "beam",
            mode,
            len(table),
            len(pieces),
            duration_s,
            round(rate_mu_per_min * 1000),
            accessories,
            begin,
        )
    ]
    for index, (row, mu) in enumerate(zip(table, meterset_mu, strict=True)):
        positions = np.rint(row * 1000).astype("<i4")
        raw = struct.pack("<IqH", index, round(mu * 1e6), len(row)) + positions.tobytes()
        commands.append(m.LoadControlPoint(index, round(mu * 1e6), positions, raw))
    raw = struct.pack("<IH", 0, len(pieces)) + pieces.astype("<f8").tobytes()
    commands.append(m.LoadProfile(0, pieces, raw))
    crc = 0
    for command in commands:
        crc = zlib.crc32(command.raw, crc)
    commands.append(m.LoadEnd(crc))
    return commands


_TYPES = {
    m.Heartbeat: 0x02,
    m.LoadBegin: 0x03,
    m.LoadControlPoint: 0x04,
    m.LoadProfile: 0x05,
    m.LoadEnd: 0x06,
    m.Prepare: 0x07,
    m.BeamOn: 0x08,
    m.Hold: 0x09,
    m.Resume: 0x0A,
    m.Terminate: 0x0B,
    m.AskReadBack: 0x0C,
    m.AskCounter: 0x0D,
    m.Unload: 0x0E,
}


def request(command: m.Command | m.Hello, sequence: int) -> bytes:
    """The request's bytes."""
    match command:
        case m.Hello(protocol, client):
            return encode_frame(
                b"LC", 0x01, sequence, struct.pack("<H", protocol), encode_string(client)
            )
        case m.LoadBegin() | m.LoadControlPoint() | m.LoadProfile():
            payload = command.raw
        case m.LoadEnd(crc32) | m.BeamOn(crc32):
            payload = struct.pack("<I", crc32)
        case m.AskCounter(token, beam_number):
            payload = token + struct.pack("<H", beam_number)
        case _:
            payload = b""
    return encode_frame(b"LC", _TYPES[type(command)], sequence, payload)


def static_beam(model: MachineModel, mu: float = 2.0, **options: object) -> list[m.Command]:
    """A beam of two equal rows at 600 MU/min."""
    duration_s = mu / 10.0
    return upload(
        rows(model, 2),
        np.array([0.0, mu]),
        steady_pieces(2, duration_s),
        duration_s,
        **options,  # type: ignore[arg-type]
    )


def sliding_beam(
    model: MachineModel, *, travel_mm: float = 40.0, count: int = 5, **options: object
) -> list[m.Command]:
    """All leaves of both banks sweep ``travel_mm`` at 10 mm/s while 5 MU/s are given."""
    way = np.linspace(0.0, travel_mm, count)
    columns = {
        name: way + (-20.0 if "_X1_" in name else -10.0)
        for name in model.layout.names
        if name.startswith("MLC")
    }
    duration_s = travel_mm / 10.0
    return upload(
        rows(model, count, **columns),
        np.linspace(0.0, duration_s * 5.0, count),
        steady_pieces(count, duration_s),
        duration_s,
        **options,  # type: ignore[arg-type]
    )


def arc_beam(
    model: MachineModel, *, degrees: float = 60.0, count: int = 21, **options: object
) -> list[m.Command]:
    """The gantry turns at 5 deg/s while 5 MU/s are given, after a ramp of 1 s."""
    duration_s = degrees / 5.0 + 1.0
    speed = (count - 1) / (duration_s - 1.0)
    pieces = np.array(
        [
            [0.0, 0.0, 0.0, speed],
            [1.0, 0.5 * speed, speed, 0.0],
            [duration_s - 1.0, count - 1 - 0.5 * speed, speed, -speed],
        ]
    )
    return upload(
        rows(model, count, gantry=np.linspace(-30.0, -30.0 + degrees, count)),
        np.linspace(0.0, (duration_s - 1.0) * 5.0, count),
        pieces,
        duration_s,
        **options,  # type: ignore[arg-type]
    )


def servo(**changes: float) -> ServoModel:
    return replace(SERVO, **changes)
