"""Every disagreement between the machine's read-back and the program is found."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.delivery.read_back import ReadBackTolerance, verify_read_back
from gateway.domain.delivery import Interlock, MachineState, ReadBack
from tests.delivery.builders import program

TOLERANCE = ReadBackTolerance(leaf_mm=2.0, jaw_mm=2.0, angle_deg=1.0, couch_mm=2.0)
CRC = 0xDEADBEEF


def read_back() -> ReadBack:
    ours = program()
    return ReadBack(
        state=MachineState.PREPARED,
        interlocks=Interlock.NONE,
        beam_number=1,
        mode="6X",
        accessories=(),
        start_meterset_mu=0.0,
        end_meterset_mu=100.0,
        program_crc32=CRC,
        positions=np.round(ours.positions[0] * 1000).astype(np.int32),
    )


def test_agreement_is_silent() -> None:
    assert verify_read_back(read_back(), program(), CRC, TOLERANCE) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"state": MachineState.LOADED},
        {"interlocks": Interlock.DOOR},
        {"beam_number": 2},
        {"mode": "10X"},
        {"accessories": ("W15",)},
        {"start_meterset_mu": 1.0},
        {"end_meterset_mu": 99.0},
        {"program_crc32": 1},
        {"positions": np.zeros(3, dtype=np.int32)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_wrong_setting_is_named(change: dict[str, object]) -> None:
    wrong = replace(read_back(), **change)  # type: ignore[arg-type]
    findings = verify_read_back(wrong, program(), CRC, TOLERANCE)
    assert len(findings) == 1


@pytest.mark.parametrize(
    ("column", "by", "named"),
    [
        (0, 1001, "gantry"),
        (1, -2001, "X1"),
        (3, 2001, "MLCX_X1_01"),
        (6, -2001, "MLCX_X2_02"),
    ],
)
def test_each_axis_beyond_tolerance_is_named(column: int, by: int, named: str) -> None:
    good = read_back()
    positions = good.positions.copy()
    positions[column] += by
    (finding,) = verify_read_back(replace(good, positions=positions), program(), CRC, TOLERANCE)
    assert finding.message.startswith(f"{named} reads")
    positions[column] -= int(np.sign(by)) * 2
    assert not verify_read_back(replace(good, positions=positions), program(), CRC, TOLERANCE)


def test_an_axis_that_the_plan_does_not_state_is_not_judged() -> None:
    good = read_back()
    positions = good.positions.copy()
    positions[2] += 50_000
    assert not verify_read_back(replace(good, positions=positions), program(), CRC, TOLERANCE)
