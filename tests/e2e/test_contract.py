"""The command's contract: exit codes, one clear line on stderr, JSON on stdout."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from gateway.app.records import history
from gateway.cli.options import FAULTS
from gateway.domain.errors import StoreError
from simulators.faults import FAULTS as SIMULATED_FAULTS
from tests.e2e.command import LIMIT_S, argv, environment, inside
from tests.e2e.deliveries import generated, settings
from tests.e2e.processes import busy

POLL_S = 0.05


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("plans"), "open-field")


def test_help_names_every_fault() -> None:
    assert set(FAULTS) == set(SIMULATED_FAULTS)


USAGE = [
    ("deliver",),
    ("deliver", "PLAN", "--continue", "D1"),
    ("deliver", "--continue", "D1", "--dry-run"),
    ("deliver", "--continue", "D1", "--beam", "1", "--room", "generic"),
    ("deliver", "--continue", "D1"),
    ("deliver", "PLAN", "--dry-run", "--out", "o"),
    ("deliver", "PLAN", "--speed", "0"),
    ("deliver", "PLAN", "--speed", "nan"),
    ("deliver", "PLAN", "--speed", "1e-9"),
    ("deliver", "PLAN", "--speed", "1e9"),
    ("deliver", "PLAN", "--cine", "0"),
    ("deliver", "PLAN", "--cine", "1000"),
    ("deliver", "PLAN", "--fraction", "0"),
    ("deliver", "PLAN", "--fraction", "99999999999"),
    ("deliver", "PLAN", "--fraction-group", "9"),
    ("deliver", "PLAN", "--seed", "-1"),
    ("deliver", "PLAN", "--beam", "77"),
    ("deliver", "PLAN", "--room", "nowhere"),
    ("deliver", "PLAN", "--fault", "nonsense"),
    ("deliver", "PLAN", "--fault", "dropped-frame:beam=1"),
    ("deliver", "PLAN", "--fault", "stuck-leaf:beam=77"),
    ("deliver", "PLAN", "--fault", "leaf-offset:leaf=99"),
    ("deliver", "PLAN", "--fault", "bank-offset:bank=Y1"),
    ("deliver", "PLAN", "--fault", "door-open:at_mu=99999"),
    ("deliver", "PLAN", "--fault", "emergency-stop:at_cp=99"),
    ("deliver", "PLAN", "--fault", "door-open", "--fault", "wrong-log:beam=77"),
    ("deliver", "PLAN", "--permit", "motion,beams"),
    ("deliver", "PLAN", "--link", "linac"),
    ("resolve", "D1"),
    ("resolve", "D1", "--by", "A"),
    ("resolve", "D1", "--meterset", "1", "--by", "A", "--by", " a ", "--reason", "x"),
    ("resolve", "D1", "--meterset", "1", "--by", "A", "--by", "B", "--reason", " "),
    ("resolve", "D1", "--meterset", "1", "--room", "generic"),
    ("plan", "nonsense"),
    ("plan", "vmat", "--machine", "nonsense"),
    ("plan", "vmat", "--seed", "-1"),
    ("simulate", "nowhere"),
    ("simulate", "generic", "--speed", "max"),
    ("simulate", "generic", "--fault", "nonsense"),
    ("check", "PLAN", "--fraction-group", "9"),
    ("nonsense",),
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_usage_and_configuration_exit_2(
    tmp_path: Path, plan: Path, arguments: tuple[str, ...]
) -> None:
    given = [str(plan) if word == "PLAN" else word for word in arguments]
    result = inside(tmp_path / "store", *given)
    assert result.code == 2, result.stdout + result.stderr
    assert result.stdout == ""
    assert result.stderr.strip()
    assert history(settings(tmp_path)) == []


def test_an_unknown_delivery_is_one_line(tmp_path: Path, plan: Path) -> None:
    store = tmp_path / "store"
    inside(store, "deliver", str(plan))
    for command in ("show", "verify", "reconcile", "resolve"):
        result = inside(store, command, "D0")
        assert result.code == 2
        assert result.stderr.strip().splitlines() == [
            f"error: no delivery D0 in {store}; see: linac-gateway history"
        ]


def test_every_result_is_json_on_request(tmp_path: Path, plan: Path) -> None:
    store = tmp_path / "store"
    delivered = inside(store, "--json", "deliver", str(plan), "--seed", "3").json
    name = delivered["delivery_id"]
    assert delivered["seed"] == 3
    for arguments in (
        ("history",), ("show", name), ("verify", name), ("reconcile", name), ("machines",),
        ("check", str(plan)), ("plan", "open-field", "-o", str(tmp_path / "x" / "y.dcm")),
        ("deliver", str(plan), "--dry-run"), ("resolve", name),
    ):  # fmt: skip
        result = inside(store, "--json", *arguments)
        assert result.code == 0, result.stderr
        assert result.json
    refused = inside(store, "--json", "deliver", str(plan), "--fraction", "1")
    assert refused.code == 4
    assert (refused.json["state"], refused.json["verdict"]) == ("refused", "fail")
    assert refused.json["findings"][0]["rule"] == "blocked"
    unknown = inside(store, "--json", "show", "D0")
    assert (unknown.code, unknown.json["error"]) == (2, "config-error")


def test_a_refusal_says_what_is_known(tmp_path: Path, plan: Path) -> None:
    out = tmp_path / "out"
    (out / "images").mkdir(parents=True)
    for old in ("report.html", "treatment_record.dcm", "images/image_beam_1.dcm", "notes.txt"):
        (out / old).write_text("old")
    result = inside(
        tmp_path / "store", "deliver", str(plan), "--room", "halcyon", "--seed", "5",
        "--fraction", "2", "--out", str(out),
    )  # fmt: skip
    assert result.code == 1
    summary = json.loads((out / "summary.json").read_text())
    assert summary["state"] == "refused"
    assert summary["plan"]["sop_instance_uid"].startswith("2.25.")
    assert summary["plan"]["label"]
    assert (summary["plan"]["fraction_group"], summary["plan"]["fraction"]) == (1, 2)
    assert (summary["room"], summary["seed"], summary["delivery_id"]) == ("halcyon", 5, None)
    assert (summary["causes"], summary["beams"]) == ([], [])
    assert all(finding.keys() == {"severity", "rule", "path", "message"} for finding in
               summary["findings"])  # fmt: skip
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        "notes.txt",
        "summary.json",
    ]


def test_an_output_folder_that_cannot_be_written_is_told_before_a_beam(
    tmp_path: Path, plan: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    result = inside(tmp_path / "store", "deliver", str(plan), "--out", str(tmp_path / "file"))
    assert result.code == 3
    assert len(result.stderr.strip().splitlines()) == 1
    assert history(settings(tmp_path)) == []


def test_a_store_that_cannot_be_used_is_one_line(tmp_path: Path, plan: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "record.sqlite").write_bytes(b"not a database" * 100)
    for arguments in (("deliver", str(plan)), ("history",), ("resolve", "D0")):
        result = inside(tmp_path / "store", *arguments)
        assert result.code == 3, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_nobody_reads_the_output(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        argv(tmp_path, "machines"), stdout=writer, stderr=subprocess.PIPE, env=environment()
    )
    os.close(writer)
    _, stderr = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, stderr) == (3, b"")


def test_settings_of_the_command_line_rule_those_of_the_environment_and_the_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'store = "{tmp_path / "of-file"}"\noperator = "file"\n')
    base = [sys.executable, "-c", "from gateway.cli import main; main()"]
    code = "from gateway.settings import load_settings; from pathlib import Path; import sys;"
    code += "s = load_settings(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None);"
    code += "print(s.store.name, s.operator)"
    own = environment() | {"LINAC_GATEWAY_STORE": str(tmp_path / "of-environment")}

    def told(env: dict[str, str], *arguments: str) -> str:
        return subprocess.run(
            [*base[:2], code, str(file), *arguments],
            env=env, capture_output=True, text=True, check=True, timeout=LIMIT_S,
        ).stdout.strip()  # fmt: skip

    assert told(environment()) == "of-file file"
    assert told(own) == "of-environment file"
    assert told(own, str(tmp_path / "of-line")) == "of-line file"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_signals_turn_the_beam_off_and_a_second_one_changes_nothing(
    tmp_path: Path, plan: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        argv(tmp_path / "store", *busy(tmp_path), "deliver", str(plan), "--speed", "real"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    deadline = time.monotonic() + LIMIT_S
    while not _begun(tmp_path):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(POLL_S)
    process.send_signal(number)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 4, stderr
    assert "Traceback" not in stderr
    (row,) = history(settings(tmp_path))
    assert row["state"] == "terminated"


def test_an_interrupt_at_any_moment_is_one_line(tmp_path: Path) -> None:
    """While modules are imported, while arguments are read, and in a command."""
    for moment in ("entry.main", "options.set_common", "show_records.show_machines"):
        interrupted = patch(f"gateway.cli.{moment}", side_effect=KeyboardInterrupt)
        with interrupted, patch("signal.signal") as deaf:
            result = inside(tmp_path, "machines")
        deaf.assert_called_once_with(signal.SIGINT, signal.SIG_IGN)
        assert (result.code, result.stdout) == (4, "")
        assert len(result.stderr.splitlines()) == 1


def _begun(folder: Path) -> bool:
    try:
        return bool(history(settings(folder)))
    except StoreError:  # while it is being made
        return False
