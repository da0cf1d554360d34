"""Programs that the controller refuses, each with the NAK of the page and a clear text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulators.linac import messages as m
from tests.simulators.builders import (
    arc_beam,
    machine,
    rows,
    sliding_beam,
    static_beam,
    steady_pieces,
    upload,
)
from tests.simulators.rig import linac_rig

MODEL = machine()
Commands = list[m.Command]


def beam(
    *,
    meterset_mu: tuple[float, ...] = (0.0, 1.0, 2.0),
    pieces: list[list[float]] | None = None,
    duration_s: float = 2.0,
    **columns: np.ndarray,
) -> Commands:
    table = rows(MODEL, 3, **columns)
    profile = steady_pieces(3, 2.0) if pieces is None else np.array(pieces)
    return upload(table, np.array(meterset_mu), profile, duration_s)


def without(index: int) -> Commands:
    commands = static_beam(MODEL)
    return [*commands[:index], *commands[index + 1 :]]


def twice(index: int) -> Commands:
    commands = static_beam(MODEL)
    return [*commands[: index + 1], *commands[index:]]


def wrong_crc() -> Commands:
    commands = static_beam(MODEL)
    end = commands[-1]
    assert isinstance(end, m.LoadEnd)
    return [*commands[:-1], m.LoadEnd(end.crc32 ^ 1)]


def short_row() -> Commands:
    commands = static_beam(MODEL)
    point = commands[1]
    assert isinstance(point, m.LoadControlPoint)
    return [commands[0], replace(point, positions=point.positions[:-1]), *commands[2:]]


STILL = np.zeros(3)
BAD = m.NakCode.BAD_PROGRAM
LIMIT = m.NakCode.LIMIT

CASES: dict[str, tuple[Callable[[], Commands], m.NakCode, str]] = {
    "no such mode": (lambda: static_beam(MODEL, mode="18X"), m.NakCode.UNKNOWN_MODE, "18X"),
    "a control point missing": (lambda: without(1), BAD, "control point 1 where 0"),
    "the last control point missing": (lambda: without(2), BAD, "1 of 2 control points"),
    "a control point twice": (lambda: twice(2), BAD, "control point 1 where 2"),
    "the profile missing": (lambda: without(3), BAD, "0 of 1 profile pieces"),
    "the profile twice": (lambda: twice(3), BAD, "profile pieces from 0 where 1"),
    "another CRC": (wrong_crc, BAD, "CRC"),
    "a row too short": (short_row, BAD, "has 14 positions, not 15"),
    "nothing begun": (lambda: static_beam(MODEL)[-1:], BAD, "no upload"),
    "descending meterset": (lambda: beam(meterset_mu=(0.0, 2.0, 1.0)), BAD, "meterset descends"),
    "negative meterset": (lambda: beam(meterset_mu=(-1.0, 0.0, 1.0)), BAD, "meterset descends"),
    "times going back": (
        lambda: beam(pieces=[[0, 0, 1, 0], [1.5, 1.5, 1, 0], [1.0, 1.0, 1, 0]]),
        BAD,
        "times do not ascend",
    ),
    "times not from 0": (lambda: beam(pieces=[[0.1, 0, 1, 0]]), BAD, "times do not ascend"),
    "a duration before the last piece": (
        lambda: beam(pieces=[[0, 0, 1, 0], [2.5, 2, 0, 0]]),
        BAD,
        "times do not ascend",
    ),
    "the path going back": (
        lambda: beam(pieces=[[0, 0, 2, -2.0]], duration_s=2.0),
        BAD,
        "goes back",
    ),
    "the path jumping": (
        lambda: beam(pieces=[[0, 0, 0.5, 0], [1, 1, 1, 0]]),
        BAD,
        "without a jump",
    ),
    "the path ending early": (lambda: beam(pieces=[[0, 0, 0.9, 0]]), BAD, "without a jump"),
    "not a number": (lambda: beam(pieces=[[0, 0, np.nan, 0]]), BAD, "not finite"),
    "endless": (lambda: beam(duration_s=np.inf), BAD, "not finite"),
    "the gantry out of range": (lambda: beam(gantry=STILL + 186.0), LIMIT, "gantry at 186.000"),
    "a jaw out of range": (lambda: beam(X1=STILL + 21.0), LIMIT, "X1 at 21.000"),
    "a leaf out of range": (
        lambda: beam(MLCX_X2_03=STILL - 161.0),
        LIMIT,
        "MLCX_X2_03 at -161.000",
    ),
    "a leaf too fast": (
        lambda: beam(MLCX_X1_02=np.array([-60.0, -34.0, -34.0])),
        LIMIT,
        r"MLCX_X1_02 at 25\.999 per second after control point 0",
    ),
    "the gantry too fast": (lambda: beam(gantry=np.array([0.0, 0, 6.2])), LIMIT, "gantry"),
    "too much dose a second": (
        lambda: beam(meterset_mu=(0.0, 1.0, 12.0)),
        LIMIT,
        "660.0 MU/min after control point 1",
    ),
    "a dose rate that the mode has not": (
        lambda: static_beam(MODEL, rate_mu_per_min=700.0),
        LIMIT,
        "700 MU/min asked",
    ),
    "faster than the program's own rate": (
        lambda: static_beam(MODEL, rate_mu_per_min=300.0),
        LIMIT,
        "at most 300",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_program_is_refused(tmp_path: Path, name: str) -> None:
    make, code, text = CASES[name]
    rig = linac_rig(MODEL, tmp_path)
    reply = rig.send(*make())
    assert isinstance(reply, m.Nak)
    assert reply.code is code
    import re

    assert re.search(text, reply.text), reply.text
    rig.load(static_beam(MODEL))
    rig.close()


@pytest.mark.parametrize(
    "changes", [{"control_points": 1}, {"control_points": 4097}, {"pieces": 0}, {"pieces": 65_537}]
)
def test_impossible_counts_are_refused_at_once(tmp_path: Path, changes: dict[str, int]) -> None:
    rig = linac_rig(MODEL, tmp_path)
    begin = static_beam(MODEL)[0]
    assert isinstance(begin, m.LoadBegin)
    reply = rig.send(replace(begin, **changes))
    assert isinstance(reply, m.Nak)
    assert reply.code is BAD
    rig.close()


@pytest.mark.parametrize(
    "commands",
    [
        static_beam(MODEL),
        sliding_beam(MODEL),
        arc_beam(MODEL),
        static_beam(MODEL, rate_mu_per_min=605.0),
        beam(MLCX_X1_02=np.array([-60.0, -34.8, -34.8])),
        beam(gantry=STILL + 185.0005),
    ],
    ids=["static", "sliding", "arc", "rate within 1 %", "speed within 1 %", "range to a step"],
)
def test_a_program_within_the_limits_is_taken(tmp_path: Path, commands: Commands) -> None:
    rig = linac_rig(MODEL, tmp_path)
    rig.load(commands)
    rig.close()


def test_an_unfinished_upload_is_discarded(tmp_path: Path) -> None:
    rig = linac_rig(MODEL, tmp_path)
    rig.send(*sliding_beam(MODEL)[:3])
    rig.load(static_beam(MODEL))
    program = rig.linac.program
    assert program is not None
    assert len(program.path.rows) == 2
    rig.close()
