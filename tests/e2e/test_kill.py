"""SIGKILL at random points of a beam: no meterset lost, none delivered twice."""

import random
from pathlib import Path

import pydicom
import pytest

from tests.e2e.deliveries import generated
from tests.e2e.killing import kill_once
from tests.e2e.processes import busy_site, devices

SHORT_ROOM = {"dead_man_s": 0.5, "hold_after_s": 0.25, "terminate_after_s": 0.5}


BEAM_MU = 30


def three_second_beam(folder: Path) -> Path:
    """The open field with so few MU that it takes 3 s at 600 MU/min."""
    plan = generated(folder, "open-field")
    dataset = pydicom.dcmread(plan)
    dataset.FractionGroupSequence[0].ReferencedBeamSequence[0].BeamMeterset = BEAM_MU
    dataset.save_as(plan)
    return plan


def killed(folder: Path, times: int, seed: int) -> list[str]:
    plan = three_second_beam(folder)
    site = busy_site(folder, "truebeam-m120", **SHORT_ROOM)
    rng = random.Random(seed)
    with devices(folder, "truebeam-m120", site) as room:
        return [kill_once(folder, plan, room, rng, number) for number in range(times)]


@pytest.mark.timeout(800)
@pytest.mark.parametrize("part", [1, 2])
def test_killed_ten_times(tmp_path: Path, part: int) -> None:
    states = killed(tmp_path, 10, part)
    assert states.count("unresolved") >= 5


@pytest.mark.soak
@pytest.mark.parametrize("part", range(40))
def test_killed_a_thousand_times_in_forty_parts(tmp_path: Path, part: int) -> None:
    states = killed(tmp_path, 25, 3 + part)
    assert states.count("unresolved") >= 12
