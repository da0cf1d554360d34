"""Phantom files."""

from pathlib import Path

import pytest

from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.phantoms import load_phantom, phantom_names
from gateway.configuration.rooms import load_room
from gateway.domain.errors import ConfigError

ROOTS = config_roots(None)


def test_the_shipped_phantoms() -> None:
    assert phantom_names(ROOTS) == ("ball-bearing", "geometry", "water-slab")
    ball = load_phantom("ball-bearing", ROOTS)
    assert ball.ellipsoids[0].semi_axes_mm == (4.0, 4.0, 4.0)
    assert len(ball.slabs) == 1
    geometry = load_phantom("geometry", ROOTS)
    assert (len(geometry.ellipsoids), len(geometry.rods)) == (6, 3)


def test_a_room_names_its_phantom(tmp_path: Path) -> None:
    text = config_files("rooms", ROOTS)["truebeam-m120"].read_text()
    (tmp_path / "rooms").mkdir()
    changed = text.replace('panel = "', 'phantom = "water-slab"\npanel = "')
    (tmp_path / "rooms" / "mine.toml").write_text(changed)
    phantom = load_room("mine", config_roots(tmp_path)).phantom
    assert phantom is not None
    assert phantom.name == "water-slab"
    assert load_room("truebeam-m120", ROOTS).phantom is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('unit = "1/mm"', 'unit = "1/cm"', "1/mm"),
        ("diameter = 8.0", "diameter = 0.0", "balls.0.diameter"),
        ("centre = [0.0, 0.0, 0.0]", "centre = [0.0]", "balls.0.centre"),
        ("high = [30.0, 30.0, 30.0]", "high = [30.0, 30.0, -30.0]", "not above low"),
        ("[[balls]]", "[[bolls]]", "unknown key"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = config_files("phantoms", ROOTS)["ball-bearing"].read_text()
    assert old in text
    (tmp_path / "phantoms").mkdir()
    (tmp_path / "phantoms" / "mine.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=told):
        load_phantom("mine", config_roots(tmp_path))


def test_a_phantom_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="geometry"):
        load_phantom("nobody", ROOTS)
