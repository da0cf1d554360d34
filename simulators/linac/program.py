"""What is loaded: an upload being put together, and the program it becomes."""

import zlib
from dataclasses import dataclass

import numpy as np

from gateway.domain.machine import BeamMode
from gateway.domain.units import WIRE_UNITS_PER_MM, FloatArray
from simulators.linac.messages import LoadBegin, LoadControlPoint, LoadProfile, NakCode
from simulators.linac.path import Path

MAXIMUM_CONTROL_POINTS = 4096
MAXIMUM_PIECES = 65_536
UMU_PER_MU = 1_000_000
_MILLI = 1000.0


class Refusal(Exception):
    """A program that the controller does not take: the NAK that says so."""

    def __init__(self, code: NakCode, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(f"{code.name}: {text}")


@dataclass(frozen=True, slots=True)
class Program:
    """A loaded beam."""

    token: bytes
    beam_number: int
    beam_name: str
    mode: BeamMode
    accessories: tuple[str, ...]
    maximum_dose_rate_mu_per_min: float
    crc32: int
    start_umu: int
    end_umu: int
    path: Path


class Upload:
    """Control points and profile pieces as they come in, between LOAD_BEGIN and LOAD_END."""

    def __init__(self, begin: LoadBegin, columns: int) -> None:
        """Raises Refusal when the announced counts are not possible."""
        if not 2 <= begin.control_points <= MAXIMUM_CONTROL_POINTS:
            raise Refusal(NakCode.BAD_PROGRAM, f"{begin.control_points} control points")
        if not 1 <= begin.pieces <= MAXIMUM_PIECES:
            raise Refusal(NakCode.BAD_PROGRAM, f"{begin.pieces} profile pieces")
        self.begin = begin
        self._rows = np.zeros((begin.control_points, columns), dtype=np.int32)
        self._metersets_umu: list[int] = []
        self._pieces: list[FloatArray] = []
        self._piece_count = 0
        self._crc = zlib.crc32(begin.raw)
        self._wrong: str | None = None

    def add_control_point(self, point: LoadControlPoint) -> None:
        """The next row; one that does not fit is remembered against the program."""
        self._crc = zlib.crc32(point.raw, self._crc)
        row = len(self._metersets_umu)
        count, columns = self._rows.shape
        if point.index != row or row >= count:
            self._blame(f"control point {point.index} where {row} of {count} was due")
        elif point.positions.size != columns:
            self._blame(f"control point {row} has {point.positions.size} positions, not {columns}")
        else:
            self._rows[row] = point.positions
            self._metersets_umu.append(point.meterset_umu)

    def add_pieces(self, profile: LoadProfile) -> None:
        """The next pieces; what does not fit is remembered against the program."""
        self._crc = zlib.crc32(profile.raw, self._crc)
        after = self._piece_count + len(profile.pieces)
        if profile.first != self._piece_count or after > self.begin.pieces:
            self._blame(f"profile pieces from {profile.first} where {self._piece_count} was due")
        else:
            self._pieces.append(profile.pieces)
            self._piece_count = after

    def finish(self, crc32: int, modes: tuple[BeamMode, ...]) -> Program:
        """The program. Raises Refusal when it is not whole or the machine has no such mode."""
        begin = self.begin
        if self._wrong is not None:
            raise Refusal(NakCode.BAD_PROGRAM, self._wrong)
        if len(self._metersets_umu) != begin.control_points or self._piece_count != begin.pieces:
            raise Refusal(
                NakCode.BAD_PROGRAM,
                f"{len(self._metersets_umu)} of {begin.control_points} control points and "
                f"{self._piece_count} of {begin.pieces} profile pieces came",
            )
        if crc32 != self._crc:
            raise Refusal(
                NakCode.BAD_PROGRAM, f"the CRC is {self._crc:08X}, {crc32:08X} was announced"
            )
        mode = next((mode for mode in modes if mode.name == begin.mode), None)
        if mode is None:
            raise Refusal(NakCode.UNKNOWN_MODE, f"no mode {begin.mode!r} here")
        metersets = np.array(self._metersets_umu, dtype=np.int64)
        return Program(
            begin.token,
            begin.beam_number,
            begin.beam_name,
            mode,
            begin.accessories,
            begin.maximum_dose_rate / _MILLI,
            crc32,
            int(metersets[0]),
            int(metersets[-1]),
            Path(
                self._rows / WIRE_UNITS_PER_MM,
                metersets / UMU_PER_MU,
                np.concatenate(self._pieces),
                begin.duration_s,
            ),
        )

    def _blame(self, text: str) -> None:
        if self._wrong is None:
            self._wrong = text
