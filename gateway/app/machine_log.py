"""Log files of real machines: which kind a file is, and what it tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray
from gateway.formats.dynalog import dynalog_trajectory, pair_of, read_bank
from gateway.formats.trajectory_log import read_trajectory_log
from gateway.formats.trajectory_log.layout import SIGNATURE
from gateway.formats.trajectory_log.motion import actual_trajectories
from gateway.formats.trajectory_table import trajectory_csv, trajectory_parquet
from gateway.formats.trf import begins_as_trf, read_trf, trf_trajectories
from gateway.formats.trf.motion import RAW_DOSE_PER_MU

LONGEST_LOG_BYTES = 2**30
KNOWN_LOGS = "trajectory log, dynalog (.dlg), TRF"
BANK_A, BANK_B = "A", "B"
WHOLE_TURN_DEG = 360.0
_NOWHERE: FloatArray = np.empty(0)
WHOLE_MU = 1.0
"""What a dynalog's share of the dose is a share of, where nobody says the meterset."""


@dataclass(frozen=True, slots=True)
class MachineLog:
    """``kind`` is what people call the format; ``about`` is what its header tells."""

    kind: str
    files: tuple[Path, ...]
    about: Mapping[str, str]
    beams: tuple[Trajectory, ...]
    in_shares: bool = False
    """Whether the metersets are shares of 1 and no MU."""
    names: tuple[str, ...] = ()
    """What the log calls each beam; empty where it calls them nothing."""
    resolution_mu: float = 0.0
    """How finely the log counts dose, where that is not far below a pulse."""

    def name_of(self, beam: Trajectory) -> str:
        """What the log calls ``beam`` (one of ``beams``)."""
        return self.names[beam.beam_number - 1] if self.names else ""


def read_machine_logs(
    paths: Sequence[Path], meterset_mu: float | None = None
) -> tuple[MachineLog, ...]:
    """Every log of ``paths``; the two files of a dynalog are one.

    ``meterset_mu`` is the whole of a dynalog's beam; without it its metersets are shares of 1.
    Raises InputError naming the file that is no log, or has no partner.
    """
    contents = {path: _content(path) for path in dict.fromkeys(paths)}
    banks = {path: content for path, content in contents.items() if _is_dynalog(path)}
    logs = [
        _named(path, partial(_single, path, content))
        for path, content in contents.items()
        if path not in banks
    ]
    logs += [_pair(path, banks, meterset_mu) for path in banks if _bank(path) == BANK_A]
    for path in banks:
        if _bank(path) == BANK_B and _partner(path, BANK_A) not in banks:
            raise InputError(_unpaired(path, BANK_A))
    return tuple(logs)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LONGEST_LOG_BYTES:
            raise InputError(f"{path}: longer than any log ({LONGEST_LOG_BYTES} bytes)")
        return path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path}: {problem.strerror}") from problem


def _is_dynalog(path: Path) -> bool:
    return path.suffix.lower() == ".dlg"


def _bank(path: Path) -> str:
    return path.name[:1].upper()


def _partner(path: Path, bank: str) -> Path:
    return path.with_name(bank + path.name[1:])


def _unpaired(path: Path, bank: str) -> str:
    return f"{path}: the file of the other bank is missing, {_partner(path, bank).name}"


def _pair(path: Path, banks: Mapping[Path, bytes], meterset_mu: float | None) -> MachineLog:
    other = _partner(path, BANK_B)
    if other not in banks and not other.exists():
        raise InputError(_unpaired(path, BANK_B))
    content_b = banks[other] if other in banks else _content(other)

    def read() -> MachineLog:
        pair = pair_of(read_bank(banks[path]), read_bank(content_b))
        whole_mu = WHOLE_MU if meterset_mu is None else meterset_mu
        beam = dynalog_trajectory(pair, 1, whole_mu)
        about = {"plan": pair.bank_a.plan}
        return MachineLog("dynalog", (path, other), about, (beam,), meterset_mu is None)

    return _named(path, read)


def _single(path: Path, content: bytes) -> MachineLog:
    if content.startswith(SIGNATURE):
        log = read_trajectory_log(content)
        names = ", ".join(beam.name for beam in log.sub_beams)
        about = {"version": log.version, "sub-beams": names}
        beams = actual_trajectories(log)
        known = tuple(beam.name for beam in log.sub_beams)
        return MachineLog(
            "trajectory log", (path,), about, beams, names=known if len(known) >= len(beams) else ()
        )
    if path.suffix.lower() != ".trf" and not begins_as_trf(content):
        raise InputError("is none of the machine logs that are read: " + KNOWN_LOGS)
    trf = read_trf(content)
    about = {"started": trf.started, "field": trf.field, "machine": trf.machine}
    beams = trf_trajectories(trf)
    return MachineLog("TRF", (path,), about, beams, resolution_mu=1.0 / RAW_DOSE_PER_MU)


def _named(path: Path, read: Callable[[], MachineLog]) -> MachineLog:
    try:
        return read()
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from problem


def beam_rows(log: MachineLog) -> list[dict[str, object]]:
    """What is shown of each beam; a log may know nothing of the gantry."""
    return [
        {
            "beam": beam.beam_number,
            "samples": beam.time_s.size,
            "duration_s": round(float(beam.time_s[-1]), 3),
            "meterset_mu": round(float(beam.meterset_mu[-1]), 4),
            "held_s": round(float(np.mean(beam.held) * beam.time_s[-1]), 3),
            "gantry_deg": _ends(beam.axes.get(Axis.GANTRY, _NOWHERE) % WHOLE_TURN_DEG),
        }
        for beam in log.beams
    ]


def export_beams(logs: Sequence[MachineLog], out: Path) -> None:
    """Every beam of the logs in one table. Raises ConfigError, InputError where it cannot be."""
    write = _TABLES.get(out.suffix.lower())
    if write is None:
        known = " or ".join(_TABLES)
        raise ConfigError(f"{out}: a table's name ends in {known}")
    numbered = [
        replace(beam, beam_number=number)
        for number, beam in enumerate((beam for log in logs for beam in log.beams), start=1)
    ]
    if not numbered:
        raise InputError("the logs hold no beam")
    try:
        out.write_bytes(write(numbered))
    except OSError as problem:
        raise InputError(f"{out}: cannot be written: {problem.strerror}") from problem


_TABLES: Mapping[str, Callable[[Sequence[Trajectory]], bytes]] = {
    ".csv": trajectory_csv,
    ".parquet": trajectory_parquet,
}


def _ends(values: FloatArray) -> list[float]:
    return [round(float(value), 2) for value in values[[0, -1]]] if values.size else []
