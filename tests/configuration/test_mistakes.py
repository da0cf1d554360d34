"""A mistake in a file is told with the file, the key and what to do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.machines import MachineFile, load_machine
from gateway.configuration.rooms import load_room
from gateway.configuration.tolerances import load_tolerances
from gateway.configuration.toml_file import read_config
from gateway.domain.errors import ConfigError

ROOTS = config_roots(None)
LOADERS = {"machines": load_machine, "rooms": load_room, "tolerances": load_tolerances}
SHIPPED = {"machines": "truebeam-m120", "rooms": "truebeam-m120", "tolerances": "default"}


def text_of(kind: str) -> str:
    return config_files(kind, ROOTS)[SHIPPED[kind]].read_text()


def load_changed(folder: Path, kind: str, old: str, new: str) -> object:
    text = text_of(kind)
    assert old in text
    (folder / kind).mkdir()
    (folder / kind / "mine.toml").write_text(text.replace(old, new, 1))
    return LOADERS[kind]("mine", config_roots(folder))


@pytest.mark.parametrize(
    ("kind", "old", "new", "told"),
    [
        ("machines", 'unit = "deg/s"', 'unit = "rpm"', "axes.gantry.speed: .*rpm.*deg/s"),
        ("machines", "value = 6.0", 'value = "6"', r"axes.gantry.speed.value: .*number"),
        ("machines", "value = 6.0", "value = nan", r"axes.gantry.speed.value: .*finite"),
        ("machines", "value = 6.0", "value = -6.0", r"axes.gantry.speed: .*negative"),
        ("machines", "value = -185.0", "value = 185.5", r"axes.gantry: .*minimum is above maximum"),
        ("machines", "speed =", "sped =", r"axes.gantry.sped: unknown key"),
        ("machines", "speed =", "sped =", r"axes.gantry.speed: missing; add it"),
        ("machines", "10.0]", "7.0]", r"mlcs.MLCX.boundaries: .*does not divide"),
        ("machines", "[-100.0, 100.0", "[-90.0, 100.0", r"a run starts at -90"),
        ("machines", "[mlcs.MLCX]", "[mlcs.MLCZ]", r"mlcs.MLCZ"),
        ("machines", '["ASYMX", "ASYMY"]', '["ASYMX"]', r"jaws.types and the jaws under axes"),
        ("machines", '["ASYMX", "ASYMY"]', '["X", "ASYMX"]', r"same pair of jaws twice"),
        ("machines", "fixed = false", "fixed = true", r"jaws.fixed is true but a jaw has a speed"),
        ("machines", "nominal_energy = 10.0", "nominal_energy = 6.0", r"modes: two have the same"),
        ("machines", 'source = "unverified"', 'source = ""', r"source: .*at least 1"),
        ("machines", "sad = {", "sad = [", r"not valid TOML"),
        ("machines", 'version = "4.0"', 'version = "9.9"', r"trajectory_log.version: "),
        ("machines", 'scale = "machine"', 'scale = "iec"', r"trajectory_log.scale: "),
        ("machines", "[mlcs.MLCX]", "[mlcs.MLCX1]", r"trajectory_log has room for one MLCX only"),
        ("rooms", 'machine = "truebeam-m120"', 'machine = "no"', r"no machines/no.toml.*agility"),
        ("rooms", 'tolerances = "default"', 'tolerances = "no"', r"no tolerances/no.toml.*wide"),
        ("rooms", "heartbeat_period_s = 0.05", "heartbeat_period_s = 0.2", r"bounds: .*dead_man_s"),
        ("rooms", "hold_after_s = 0.1", "hold_after_s = 0.5", r"bounds: .*terminate_after_s"),
        ("rooms", 'url = "memory:"', 'url = "http://x"', r"links.linac.url: "),
        ("rooms", 'wire_axis = "X"', 'wire_axis = "Y"', r"couch_axes: .*same wire_axis"),
        ("rooms", "sign = 1", "sign = 2", r"couch_axes.couch_lateral.sign: "),
        ("tolerances", "[quantities.leaf]", "[quantities.leef]", r"quantities.leef is not known"),
        ("tolerances", "maximum = 1.0", "maximum = 0.0", r"quantities.leaf.maximum: "),
        ("tolerances", 'unit = "mm"', 'unit = "cm"', r"quantities.leaf.unit is 'cm'.*mm"),
        ("tolerances", "action_percent = 90.0", "action_percent = 96.0", r"gamma: .*above toleran"),
        (
            "tolerances",
            "tolerance_percent = 95.0",
            "tolerance_percent = 195.0",
            r"gamma.tolerance_",
        ),
        ("tolerances", "dose_percent = 3.0", "dose_percent = 0.0", r"gamma.dose_percent: "),
        ("tolerances", "local = false", 'local = "no"', r"gamma.local: "),
    ],
)
def test_a_mistake_is_told_with_file_key_and_remedy(kind, old, new, told, tmp_path):
    with pytest.raises(ConfigError, match=told) as caught:
        load_changed(tmp_path, kind, old, new)
    named = "mine.toml" in str(caught.value) or "there is no" in str(caught.value)
    assert named
    assert "\n" not in str(caught.value)


def test_a_limit_that_judges_nothing_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match="no limit"):
        load_changed(tmp_path, "tolerances", "maximum = 5.0\n", "")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("machines", "nobody"), ("rooms", "nobody"), ("tolerances", "../machines/agility")],
)
def test_an_unknown_name_lists_the_known_ones(kind, name):
    known = SHIPPED[kind]
    with pytest.raises(ConfigError, match=rf"there is no {kind}/.*{known}"):
        LOADERS[kind](name, ROOTS)


def test_a_site_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="nowhere: the site's configuration folder"):
        config_roots(tmp_path / "nowhere")


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    folder = tmp_path / "machines"
    (folder / "folder.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_machine("folder", config_roots(tmp_path))
    (folder / "latin.toml").write_bytes(b'manufacturer = "\xe9"')
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_machine("latin", config_roots(tmp_path))


@given(st.data())
def test_a_damaged_machine_file_is_refused_or_loaded_never_a_traceback(tmp_path_factory, data):
    lines = text_of("machines").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.sampled_from(["drop", "double", "half", "blank"]))
    half = lines[at][: len(lines[at]) // 2]
    changed = {"drop": [], "double": [lines[at]] * 2, "half": [half], "blank": ["= 1"]}[cut]
    file = tmp_path_factory.mktemp("damaged") / "machine.toml"
    file.write_text("\n".join(lines[:at] + changed + lines[at + 1 :]))
    try:
        machine = read_config(file, MachineFile).model("machine")
    except ConfigError as error:
        assert str(file) in str(error)  # noqa: PT017 - refusing is one of two good outcomes
    else:
        assert machine.layout.size == 129
