"""Gateway and devices apart, over TCP and a pty, in real time."""

from pathlib import Path

from tests.e2e.command import run
from tests.e2e.deliveries import generated
from tests.e2e.processes import busy_site, devices


def test_a_whole_arc_with_cine_loses_nothing(tmp_path: Path) -> None:
    plan = generated(tmp_path, "vmat")
    site = busy_site(tmp_path, "truebeam-m120")
    store, out = tmp_path / "store", tmp_path / "out"
    with devices(tmp_path, "truebeam-m120", site) as room:
        result = run(
            store, "--config", str(room.links), "--json", "deliver", str(plan),
            "--room", "truebeam-m120", "--beam", "1", "--cine", "2", "--out", str(out),
        )  # fmt: skip
    assert result.code == 0, result.stdout + result.stderr
    (beam,) = result.json["beams"]
    assert beam["lost_samples"] == 0
    assert beam["samples"] > 1000
    assert beam["images"] >= 1
    assert beam["termination_status"] == "NORMAL"


def test_unbounded_time_is_refused_over_links(tmp_path: Path) -> None:
    plan = generated(tmp_path, "open-field")
    site = busy_site(tmp_path, "truebeam-m120")
    with devices(tmp_path, "truebeam-m120", site) as room:
        result = run(
            tmp_path / "store", "--config", str(room.links), "deliver", str(plan),
            "--room", "truebeam-m120", "--speed", "max",
        )  # fmt: skip
    assert result.code == 2
    assert "--speed max" in result.stderr


def test_a_room_that_is_not_there_is_one_line_and_exit_3(tmp_path: Path) -> None:
    plan = generated(tmp_path, "open-field")
    links = tmp_path / "links.toml"
    links.write_text(
        '[links]\nlinac = "tcp://127.0.0.1:9"\ncouch = "serial:///dev/absent"\n'
        'imager = "tcp://127.0.0.1:9"\n'
    )
    result = run(
        tmp_path / "store", "--config", str(links), "deliver", str(plan),
        "--room", "truebeam-m120",
    )  # fmt: skip
    assert result.code == 3
    assert len(result.stderr.strip().splitlines()) == 1
