"""The configuration that comes with the project."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.machines import load_machine, machine_names
from gateway.configuration.rooms import load_room, room_names
from gateway.configuration.tolerances import UNITS, load_tolerances, tolerance_names
from gateway.domain.axes import COUCH_TRANSLATIONS, Axis
from gateway.domain.gamma import GammaCriteria

ROOTS = config_roots(None)
MACHINES = ("agility", "generic-60", "halcyon", "truebeam-hd120", "truebeam-m120")
ROOMS = ("agility", "generic", "halcyon", "truebeam-hd120", "truebeam-m120")
INSTALLED_KEYS = {"lcp/1", "grbl/1.1", "pfp/1"}


def test_the_shipped_names():
    assert machine_names(ROOTS) == MACHINES
    assert room_names(ROOTS) == ROOMS


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_is_whole(name):
    room = load_room(name, ROOTS)
    assert room.simulated
    assert {room.linac_link.protocol, room.couch_link.protocol, room.imager_link.protocol} == (
        INSTALLED_KEYS
    )
    assert set(room.couch.axes) == set(room.couch_axes) == set(COUCH_TRANSLATIONS)
    tolerances = load_tolerances(room.tolerances, ROOTS).quantities
    assert {"leaf", "jaw", "gantry", "collimator", "meterset", "dose_rate"} <= set(tolerances)
    assert {f"read_back_{key}" for key in ("leaf", "jaw", "angle", "couch")} <= set(tolerances)
    # a machine may hold its beam only for what reconciliation would also call wrong
    assert room.machine.servo.leaf_hold_tolerance_mm > (tolerances["leaf"].maximum or 0)
    assert room.machine.servo.angle_hold_tolerance_deg > (tolerances["gantry"].maximum or 0)


@pytest.mark.parametrize(
    ("name", "device", "pairs", "first", "middle", "last"),
    [
        ("truebeam-m120", "MLCX", 60, [-200, -190], 5.0, [190, 200]),
        ("truebeam-hd120", "MLCX", 60, [-110, -105], 2.5, [105, 110]),
        ("halcyon", "MLCX1", 28, [-140, -130], 10.0, [130, 140]),
        ("halcyon", "MLCX2", 29, [-145, -135], 10.0, [135, 145]),
        ("agility", "MLCX", 80, [-200, -195], 5.0, [195, 200]),
        ("generic-60", "MLCX", 60, [-200, -190], 5.0, [190, 200]),
    ],
)
def test_leaf_boundaries(name, device, pairs, first, middle, last):
    edges = load_machine(name, ROOTS).mlcs[device].boundaries_mm
    assert edges.shape == (pairs + 1,)
    assert edges[:2].tolist() == first
    assert edges[-2:].tolist() == last
    assert np.diff(edges)[pairs // 2] == middle
    np.testing.assert_array_equal(edges, -edges[::-1])
    assert not edges.flags.writeable


@pytest.mark.parametrize("name", MACHINES)
def test_every_value_of_a_machine_says_where_it_is_from(name):
    machine = load_machine(name, ROOTS)
    raw = tomllib.loads(config_files("machines", ROOTS)[name].read_text())

    def valued(table: dict[str, object], prefix: str = "") -> set[str]:
        found = set()
        for key, value in table.items():
            dotted = f"{prefix}.{key}" if prefix else key
            if isinstance(value, dict):
                found |= {dotted} if "source" in value else valued(value, dotted)
        return found

    assert set(machine.provenance) == valued(raw)
    assert all(machine.provenance.values())
    assert machine.provenance["axes.gantry.speed"]


def test_halcyon_has_fixed_edges_and_no_couch_rotation():
    machine = load_machine("halcyon", ROOTS)
    assert machine.fixed_jaws
    assert machine.axes[Axis.X1].minimum == machine.axes[Axis.X1].maximum == -140.0
    assert machine.axes[Axis.Y2].speed == 0.0
    assert Axis.COUCH_ROTATION not in machine.axes


def test_agility_has_the_y_jaws_only():
    assert load_machine("agility", ROOTS).jaw_axes == (Axis.Y1, Axis.Y2)


@pytest.mark.parametrize("name", MACHINES)
def test_the_energies_of_real_plans_are_offered(name):
    modes = {mode.name for mode in load_machine(name, ROOTS).beam_modes}
    wanted = {"6FFF"} if name == "halcyon" else {"6X", "10X", "15X", "18X", "6FFF", "10FFF", "9E"}
    assert wanted <= modes


def test_tolerances_have_units_and_origins():
    for name in tolerance_names(ROOTS):
        for key, tolerance in load_tolerances(name, ROOTS).quantities.items():
            assert tolerance.unit == UNITS[key]
            assert tolerance.origin


def test_every_set_of_tolerances_has_the_gamma_limits_of_tg_218():
    """Miften 2018, Med Phys 45:e53: 3 %/2 mm, global, 10 % threshold; 95 % and 90 % of points."""
    for name in tolerance_names(ROOTS):
        gamma = load_tolerances(name, ROOTS).gamma
        assert gamma.criteria == GammaCriteria(3.0, 2.0, local=False, cutoff_percent=10.0)
        assert (gamma.tolerance_percent, gamma.action_percent) == (95.0, 90.0)
        assert "TG-218" in gamma.origin


def test_every_shipped_quantity_is_described_in_its_file():
    for name, file in config_files("tolerances", ROOTS).items():
        described = file.read_text().split("[quantities", 1)[0]
        for key in load_tolerances(name, ROOTS).quantities:
            assert key in described


def test_the_sites_folder_is_searched_first(tmp_path: Path):
    source = config_files("machines", ROOTS)["truebeam-m120"]
    folder = tmp_path / "machines"
    folder.mkdir()
    own = source.read_text().replace("SIM-M120", "H12345")
    (folder / "truebeam-m120.toml").write_text(own)
    (folder / "another.toml").write_text(own)
    roots = config_roots(tmp_path)
    assert roots == (tmp_path, *ROOTS)
    assert load_machine("truebeam-m120", roots).serial_number == "H12345"
    assert load_room("truebeam-m120", roots).machine.serial_number == "H12345"
    assert machine_names(roots) == tuple(sorted((*MACHINES, "another")))
