"""What the portal imager's model is told of machines and panels."""

from pathlib import Path

import pytest

from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.machines import load_machine, machine_names
from gateway.configuration.panels import load_panel
from gateway.domain.errors import ConfigError
from gateway.domain.optics import Harmonic

ROOTS = config_roots(None)
PANELS = ("as1000", "as1200", "as1200-halcyon", "as500", "iviewgt")


def site_with(folder: Path, kind: str, name: str, old: str, new: str) -> tuple[Path, ...]:
    text = config_files(kind, ROOTS)[name].read_text()
    assert old in text
    (folder / kind).mkdir()
    (folder / kind / f"{name}.toml").write_text(text.replace(old, new, 1))
    return config_roots(folder)


@pytest.mark.parametrize("name", PANELS)
def test_a_shipped_panels_kernel_and_lag_share_out_what_there_is(name: str) -> None:
    panel = load_panel(name, ROOTS)
    assert [(tail.share, tail.range_mm) for tail in panel.scatter] == [(0.07, 8.0), (0.03, 40.0)]
    later = sum(term.amplitude for term in panel.lag)
    assert 0.0 < later < 0.025
    assert panel.dead_pixel_share < 1e-3


@pytest.mark.parametrize("name", machine_names(ROOTS))
def test_a_shipped_mode_is_1_on_the_axis_and_at_its_reference_field(name: str) -> None:
    machine = load_machine(name, ROOTS)
    for mode in machine.optics.modes.values():
        assert (mode.profile.places[0], mode.profile.values[0]) == (0.0, 1.0)
        if not mode.head_scatter.is_level:
            at_reference = mode.head_scatter.places.index(100.0)
            assert mode.head_scatter.values[at_reference] == 1.0


def test_a_file_without_the_effects_is_a_panel_without_them(tmp_path: Path) -> None:
    kept = config_files("panels", ROOTS)["as1200"].read_text().split("scatter = ")[0]
    (tmp_path / "panels").mkdir()
    (tmp_path / "panels" / "plain.toml").write_text(kept)
    panel = load_panel("plain", config_roots(tmp_path))
    assert (panel.scatter, panel.lag, panel.ghosting.share) == ((), (), 0.0)
    assert (panel.dead_pixel_share, panel.row_readout, panel.sag.is_none) == (0.0, 0.0, True)


@pytest.mark.parametrize(
    ("kind", "name", "old", "new", "told"),
    [
        ("panels", "as1200", "range = [8.0, 40.0]", "range = [8.0]", "same length"),
        ("panels", "as1200", "share = [0.07, 0.03]", "share = [0.7, 0.3]", "leave nothing"),
        ("panels", "as1200", 'range = [8.0, 40.0], unit = "mm"', 'range = [8.0, 40.0], unit = "cm"',
         "scatter.unit"),
        ("panels", "as1200", "rate = [0.7055,", "rate = [", "same length"),
        ("panels", "as1200", "dead_pixels = { value = 1e-4", "dead_pixels = { value = 2.0",
         "at most 1"),
        ("panels", "as1200", "sag = { x = [0.0, 0.0, 0.0]", "sag = { x = [0.0]", "sag.x"),
        ("machines", "truebeam-m120", "mm = [0.0, 25.0", "mm = [30.0, 25.0", "ascend"),
        ("machines", "truebeam-m120", "relative = [1.0, ", "relative = [", "same length"),
        ("machines", "truebeam-m120", "[optics.modes.6X]", "[optics.modes.7X]", "no such mode"),
        ("machines", "truebeam-m120", "tongue = { value = 0.4", "tongue = { value = 2.5",
         "half a leaf"),
        ("machines", "truebeam-m120", "source_sag = {", "source_sag = { distance = [0, 1, 0],",
         "leave it out"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(
    tmp_path: Path, kind: str, name: str, old: str, new: str, told: str
) -> None:
    roots = site_with(tmp_path, kind, name, old, new)
    load = load_panel if kind == "panels" else load_machine
    with pytest.raises(ConfigError, match=told):
        load(name, roots)


def test_a_harmonic_turns_with_the_gantry() -> None:
    sag = Harmonic(0.1, 0.4, -0.2)
    angles = (0.0, 90.0, 180.0, 270.0)
    assert [sag.at(angle) for angle in angles] == pytest.approx([0.5, -0.1, -0.3, 0.3])
