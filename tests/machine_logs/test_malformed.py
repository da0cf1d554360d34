"""Malformed logs of every format: one line, never a traceback, memory by the file's size."""

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.app.machine_log import read_machine_logs
from gateway.domain.errors import InputError
from gateway.domain.evidence import WitnessedBeam
from gateway.reconcile.pairs import reconcile_pairs
from tests.e2e.command import inside
from tests.machine_logs.formats import KINDS, Kind, changed, cuts
from tests.machine_logs.test_trajectory_log import AXES
from tests.reconcile.builders import tolerances
from tests.reconcile.sketches import sliding_window

HUGE = (-(2**31), -1, 0, 2**16, 2**31 - 1)
SMALL_BYTES = 1 << 20
"""What reading may take whatever the file's size: messages, tables of names."""
SKETCH = sliding_window(pairs=60)

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def header_numbers(kind: Kind) -> list[bytes]:
    """The words that count or number something, in turn, with every absurd number."""
    count = len(AXES)
    places = {
        ".bin": [*range(32, 52, 4), *range(40 + 8 * count, 64 + 8 * count, 4), 1024, 1036],
        ".trf": [kind.ends[at] for at in range(3, 8)],
        ".dlg": [*range(0, 60, 6)],
    }
    return [
        changed(kind, at, struct.pack("<i", number))
        for at in places[kind.suffix]
        for number in HUGE
    ]


def refused_or_sound(folder: Path, kind: Kind, content: bytes, *, judged: bool = False) -> bool:
    """Whether it is refused, in one line; what is taken has finite numbers only."""
    try:
        logs = read_machine_logs(kind.put(folder, content), 10.0)
    except InputError as problem:
        told = str(problem)
    else:
        told = ""
    if told:
        assert "\n" not in told
        return True
    for log in logs:
        for beam in log.beams:
            assert np.isfinite(beam.meterset_mu).all()
            if judged:
                judge(beam)
    return False


def judge(beam: object) -> None:
    """What was taken must go all the way: a number that makes no sense is no reason to fall."""
    witnessed = WitnessedBeam(
        beam=SKETCH.beam, planned=SKETCH.planned, telemetry=None, log=beam,  # type: ignore[arg-type]
        log_source="log", start_meterset_mu=0.0, end_meterset_mu=float(SKETCH.meterset_mu[-1]),
        mu_per_pulse=0.028, log_resolution_mu=0.0,
    )  # fmt: skip
    with np.errstate(all="raise", under="ignore"):
        reconcile_pairs(witnessed, tolerances())


@kinds
def test_the_sound_one_is_taken(tmp_path: Path, kind: Kind) -> None:
    assert not refused_or_sound(tmp_path, kind, kind.content, judged=True)


@kinds
def test_what_is_cut_off_at_any_block_is_refused(tmp_path: Path, kind: Kind) -> None:
    """Whole rows of a TRF, and whole lines of a dynalog, are a shorter log of the same kind."""
    taken = [
        len(content) for content in cuts(kind) if not refused_or_sound(tmp_path, kind, content)
    ]
    rows = kind.ends[-3:] if kind.suffix == ".trf" else ()
    assert set(taken) <= {*rows, len(kind.content) - 1 if kind.suffix == ".dlg" else 0}


@kinds
def test_absurd_numbers_in_the_header(tmp_path: Path, kind: Kind) -> None:
    refused = [refused_or_sound(tmp_path, kind, content) for content in header_numbers(kind)]
    assert sum(refused) > len(HUGE)


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("trajectory")])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_wherever_it_stands(
    tmp_path: Path, name: str, number: float
) -> None:
    kind = KINDS[name]
    beams = [1024 + 4, 1024 + 8]
    for at in (*beams, kind.ends[-5], kind.ends[-2] + 4, kind.ends[-2] - 4):
        assert refused_or_sound(tmp_path, kind, changed(kind, at, struct.pack("<f", number))), at


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("trajectory")])
def test_the_largest_numbers_go_all_the_way(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    begin = kind.ends[-5]
    for largest in (3e38, -3e38):
        values = struct.pack("<f", largest) * ((len(kind.content) - 2 - begin) // 4)
        refused_or_sound(tmp_path, kind, changed(kind, begin, values), judged=True)


@kinds
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(data=st.data())
def test_damage_anywhere_is_refused_or_harmless(
    tmp_path: Path, kind: Kind, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(kind.content) - 3))
    damage = data.draw(st.binary(min_size=1, max_size=12))
    refused_or_sound(tmp_path, kind, changed(kind, at, damage), judged=True)


@kinds
def test_memory_is_bounded_by_the_file(tmp_path: Path, kind: Kind) -> None:
    """Counts of billions in a file of kilobytes."""
    for content in header_numbers(kind):
        paths = kind.put(tmp_path, content)
        tracemalloc.start()
        try:
            read_machine_logs(paths)
        except InputError:
            pass
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < 16 * len(paths) * len(content) + SMALL_BYTES


@kinds
@pytest.mark.parametrize("command", ["log", "reconcile"])
def test_the_command_tells_it_in_a_line(
    tmp_path: Path, plan: Path, kind: Kind, command: str
) -> None:
    absurd = {".bin": (40, 2**31 - 1), ".trf": (len(kind.content) - 7, 0), ".dlg": (0, 2**31 - 1)}
    at, number = absurd[kind.suffix]
    broken = changed(kind, at, struct.pack("<i", number))
    broken = broken[:-3] if kind.suffix == ".trf" else broken
    paths = [str(path) for path in kind.put(tmp_path, broken)]
    options = [word for path in paths for word in ("--log", path)]
    arguments = paths if command == "log" else ["--plan", str(plan), *options]
    ran = inside(tmp_path / "store", command, *arguments)
    assert (ran.code, len(ran.stderr.splitlines()), ran.stdout) == (3, 1, ""), ran.stderr
    assert Path(paths[0]).name in ran.stderr


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    assert inside(folder, "plan", "open-field", "-o", str(folder / "plan.dcm")).code == 0
    return folder / "plan.dcm"
