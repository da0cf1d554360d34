"""A ball beside the isocentre of a simulated room: pylinac finds it in the delivery's images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.app.deliver import deliver
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.configuration.locate import config_files, config_roots
from gateway.settings import Settings
from tests import oracles
from tests.e2e.deliveries import unseen

BALL_MM = 6.0
FOUND_MM = 0.02
"""What is asked for; noise moves the centre of one ball by 0.005 mm."""


def site(folder: Path, ball_mm: tuple[float, float, float], sag: str | None) -> Path:
    """A tungsten ball where it is asked for, and a panel that sags as it is asked to."""
    (folder / "phantoms").mkdir(parents=True)
    (folder / "phantoms" / "ball.toml").write_text(
        'description = "a tungsten ball"\n[[balls]]\n'
        f"centre = {list(ball_mm)}\ndiameter = {BALL_MM}\n"
        'attenuation = { value = 0.085, unit = "1/mm", source = "tungsten at 2 MeV" }\n'
    )
    if sag is not None:
        (folder / "panels").mkdir()
        text = config_files("panels", config_roots(None))["as1200"].read_text()
        still = "x = [0.0, 0.0, 0.0], y = [0.0, 0.0, 0.0], distance = [0.0, 0.0, 0.0]"
        assert still in text
        (folder / "panels" / "as1200.toml").write_text(text.replace(still, sag))
    return folder


def found(
    folder: Path, ball_mm: tuple[float, float, float], sag: str | None = None
) -> Mapping[str, Any]:
    settings = Settings(
        store=folder / "store", operator="tester", site=site(folder / "site", ball_mm, sag)
    )
    plan = folder / "plan.dcm"
    write_generated_plan("winston-lutz", "truebeam-m120", 1, plan, settings)
    deliver(Request(plan=plan, seed=11, phantom="ball", out=folder / "out"), settings, unseen)
    answer = oracles.ask("winston_lutz_shift", folder=folder / "out" / "images", bb_size_mm=BALL_MM)
    assert answer["images"] == 10
    return answer


def test_a_ball_at_the_isocentre_needs_no_shift(tmp_path: Path) -> None:
    answer = found(tmp_path, (0.0, 0.0, 0.0))
    assert answer["shift_mm"] == pytest.approx([0.0, 0.0, 0.0], abs=FOUND_MM)
    assert answer["ball_mm"] < FOUND_MM
    assert answer["epid_mm"] < FOUND_MM


def test_a_ball_beside_the_isocentre_is_shifted_back(tmp_path: Path) -> None:
    """From ten directions of gantry, collimator and couch; the panel sags and does not say so.

    It is at most 0.5 and 1.0 mm aside on its own plane: 0.75 mm at the isocentre.
    """
    sag = "x = [0.0, 0.0, 0.5], y = [0.0, 1.0, 0.0], distance = [0.0, 0.0, 0.0]"
    answer = found(tmp_path, (0.40, -0.60, 0.30), sag)
    assert answer["shift_mm"] == pytest.approx([-0.40, 0.60, -0.30], abs=FOUND_MM)
    assert answer["epid_mm"] == pytest.approx(1.0 / 1.5, abs=FOUND_MM)
