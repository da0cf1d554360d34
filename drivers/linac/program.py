"""A machine program as LCP/1 messages, and its CRC-32."""

import zlib
from collections.abc import Iterator

import numpy as np

from drivers.fields import in_steps
from drivers.linac import codec
from drivers.linac import messages as m
from gateway.domain.errors import LocalProtocolError
from gateway.domain.program import MachineProgram
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray, IntArray

MAXIMUM_ROWS = 4096
MAXIMUM_PIECES = 65_536
PIECES_PER_MESSAGE = 1024
_INT32_MAX = 2**31 - 1


def program_messages(program: MachineProgram, token: bytes) -> list[m.Request]:
    """LOAD_BEGIN, every control point and profile piece, LOAD_END, in the order to send.

    Raises LocalProtocolError for a program that the wire cannot carry.
    """
    rows, pieces = len(program.meterset_mu), len(program.profile.time_s)
    if not 2 <= rows <= MAXIMUM_ROWS or not 1 <= pieces <= MAXIMUM_PIECES:
        raise LocalProtocolError(
            f"a program of {rows} control points and {pieces} profile pieces; LCP/1 carries "
            f"2 to {MAXIMUM_ROWS} and 1 to {MAXIMUM_PIECES}"
        )
    begin = m.LoadBegin(
        token,
        program.beam_number,
        program.beam_name,
        program.mode.name,
        rows,
        pieces,
        program.profile.duration_s,
        in_steps(program.maximum_dose_rate_mu_per_min, m.MILLI),
        program.accessories,
    )
    parts: list[m.Request] = [begin, *_control_points(program), *_profile(program)]
    crc = 0
    for part in parts:
        crc = zlib.crc32(codec.encode_payload(part), crc)
    return [*parts, m.LoadEnd(crc)]


def _control_points(program: MachineProgram) -> Iterator[m.LoadControlPoint]:
    if program.positions.shape != (len(program.meterset_mu), program.layout.size):
        raise LocalProtocolError(f"positions of shape {program.positions.shape} do not fit")
    positions = to_wire(program.positions)
    metersets = np.round(_finite(program.meterset_mu) * m.MICRO).astype(np.int64)
    for index, row in enumerate(positions):
        yield m.LoadControlPoint(index, int(metersets[index]), row)


def _profile(program: MachineProgram) -> Iterator[m.LoadProfile]:
    profile = program.profile
    columns = (profile.time_s, profile.s, profile.speed, profile.acceleration)
    pieces = _finite(np.column_stack(columns))
    for index in range(0, len(pieces), PIECES_PER_MESSAGE):
        yield m.LoadProfile(index, pieces[index : index + PIECES_PER_MESSAGE])


def to_wire(positions: FloatArray) -> IntArray:
    """Positions in mm or degree as wire integers. Raises LocalProtocolError out of int32."""
    scaled = np.round(_finite(positions) * WIRE_UNITS_PER_MM)
    if np.abs(scaled).max(initial=0.0) > _INT32_MAX:
        raise LocalProtocolError("a position does not fit the wire's 32 bits")
    wire: IntArray = scaled.astype(np.int32)
    return wire


def _finite(values: FloatArray) -> FloatArray:
    if not np.isfinite(values).all():
        raise LocalProtocolError("a program must have finite numbers only")
    return values
