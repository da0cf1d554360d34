"""``reconcile`` with logs: of deliveries in the store, and of ones that no gateway saw."""

from pathlib import Path

import pytest

from tests import realdata
from tests.e2e.command import Result, inside
from tests.e2e.deliveries import delivered, generated

PLAN = "rtplan/elekta_monaco_dmlc_2fractiongroups.dcm"
TRF = "trf/elekta_agility_3field_imrt_pair.trf"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A plan and the logs of three deliveries of it: sound, a leaf off, stopped by the door."""
    found: dict[str, Path] = {}
    faults = {
        "sound": [],
        "leaf": ["leaf-offset:bank=X2,leaf=30,offset_mm=0.7"],
        "stopped": ["door-open"],
    }
    for name, fault in faults.items():
        folder = tmp_path_factory.mktemp(name)
        found["plan"] = generated(folder, "open-field")
        finished = delivered(folder, found["plan"], faults=fault)
        (log,) = finished.summary["logs"]
        found[name] = finished.directory / log
        found[f"{name} store"] = folder / "store"
        found[f"{name} id"] = Path(finished.entry.delivery_id)
    return found


def foreign(tmp_path: Path, made: dict[str, Path], log: str, *more: str) -> Result:
    """Reconcile in a store that does not even exist."""
    return inside(
        tmp_path / "none", "--json", "reconcile", "--plan", str(made["plan"]),
        "--log", str(made[log]), *more,
    )  # fmt: skip


def test_a_delivery_that_was_never_seen_passes_by_plan_and_log(
    tmp_path: Path, made: dict[str, Path]
) -> None:
    ran = foreign(tmp_path, made, "sound")
    assert (ran.code, ran.json["verdict"]) == (0, "pass")
    (pair,) = ran.json["pairs"]
    assert (pair["witnesses"], pair["beam"]) == (["plan", "log"], 1)
    assert ran.json["witnesses"] == [
        {"beam": 1, "name": pair["name"], "telemetry": False, "log": made["sound"].name}
    ]
    assert not (tmp_path / "none").exists()


def test_the_leaf_that_the_machine_knows_of_is_named(tmp_path: Path, made: dict[str, Path]) -> None:
    ran = foreign(tmp_path, made, "leaf")
    assert (ran.code, ran.json["verdict"]) == (1, "fail")
    (cause,) = ran.json["causes"]
    assert cause in ran.json["pairs"][0]["causes"]
    assert (cause["cause"], cause["bank"], cause["leaf"]) == ("leaf-offset", "X2", 30)
    assert cause["error"] == pytest.approx(0.7, abs=0.05)


def test_a_beam_that_was_stopped_is_out(tmp_path: Path, made: dict[str, Path]) -> None:
    ran = foreign(tmp_path, made, "stopped")
    assert ran.code == 1
    assert [cause["cause"] for cause in ran.json["pairs"][0]["causes"]] == ["terminated"]


def test_beams_that_nobody_saw_are_no_pass(tmp_path: Path) -> None:
    plan = generated(tmp_path, "step-and-shoot")
    finished = delivered(tmp_path, plan, beams=(1,))
    (log,) = finished.summary["logs"]
    told = ("reconcile", "--plan", str(plan), "--log", str(finished.directory / log))
    ran = inside(tmp_path / "none", "--json", *told)
    assert (ran.code, ran.json["verdict"]) == (1, "incomplete"), ran.stdout
    assert [pair["verdict"] for pair in ran.json["pairs"]] == ["pass"]
    assert ran.json["unwitnessed"]
    shown = inside(tmp_path / "none", *told).stdout.splitlines()[-1]
    assert shown.startswith("verdict INCOMPLETE, 1 beam; no witness of beam 2")


def test_a_stored_delivery_is_reconciled_with_the_log_beside_it(made: dict[str, Path]) -> None:
    ran = inside(made["leaf store"], "--json", "reconcile", made["leaf id"].name)
    assert ran.code == 1
    verdicts = {tuple(pair["witnesses"]): pair["verdict"] for pair in ran.json["pairs"]}
    assert verdicts == {
        ("plan", "telemetry"): "fail", ("plan", "log"): "fail", ("telemetry", "log"): "pass",
    }  # fmt: skip
    assert ran.json["causes"][0]["cause"] == "leaf-offset"


def test_the_log_of_another_delivery_is_found_out(made: dict[str, Path]) -> None:
    """Plan and telemetry agree, the log agrees with neither: it is the wrong one."""
    name = made["sound id"].name
    ran = inside(made["sound store"], "--json", "reconcile", name, "--log", str(made["leaf"]))
    verdicts = {tuple(pair["witnesses"]): pair["verdict"] for pair in ran.json["pairs"]}
    assert verdicts == {
        ("plan", "telemetry"): "pass", ("plan", "log"): "fail", ("telemetry", "log"): "fail",
    }  # fmt: skip
    assert (ran.code, ran.json["verdict"]) == (1, "fail")


def test_people_are_shown_a_table_a_pair(made: dict[str, Path]) -> None:
    ran = inside(made["sound store"], "reconcile", made["sound id"].name)
    assert ran.code == 0
    for text in ("plan against telemetry", "plan against log", "telemetry against log", "MLCX"):
        assert text in ran.stdout
    assert ran.stdout.splitlines()[-1] == "verdict PASS, 1 beam"


@pytest.mark.peer
def test_an_elekta_plan_and_the_log_it_belongs_to_reconcile(tmp_path: Path) -> None:
    """Fraction group 2 of two; three beams in one file. Leaves that the diaphragms cover stand
    where the machine parks them: without leaving them out the leaf errors are centimetres."""
    plan, log = realdata.real_data(PLAN), realdata.real_data(TRF)
    told = ("--json", "reconcile", "--plan", str(plan), "--log", str(log))
    ran = inside(tmp_path, *told, "--tolerances", "dynamic")
    assert (ran.code, ran.json["verdict"]) == (0, "pass"), ran.stdout
    assert (ran.json["plan"]["fraction_group"], ran.json["room"]) == (2, "agility")
    assert [pair["beam"] for pair in ran.json["pairs"]] == [4, 5, 6]
    planned, logged = zip(*(pair["meterset_mu"] for pair in ran.json["pairs"]), strict=True)
    assert sum(planned) == pytest.approx(475.58, abs=0.005)
    assert sum(logged) == pytest.approx(475.5, abs=0.15)  # the file shows tenths, for each beam
    for pair in ran.json["pairs"]:
        assert pair["covered_leaves"] > 100
        assert pair["errors"]["MLCX"]["rms"] < 1.0  # Kerns 2014: 0.32 to 0.46 mm on C-series
    strict = inside(tmp_path, *told)
    assert (strict.code, strict.json["tolerances"]) == (1, "wide")
    other = inside(tmp_path, *told, "--fraction-group", "1")
    assert other.code == 3
    assert "no beam of the plan is like it" in other.stderr


@pytest.mark.peer
def test_of_another_machines_log_nothing_is_made_up(tmp_path: Path) -> None:
    plan = realdata.real_data(PLAN)
    log = realdata.real_data("trajectory_log/v3.0_3dcrt.bin")
    ran = inside(tmp_path, "reconcile", "--plan", str(plan), "--log", str(log))
    assert ran.code == 3
    assert len(ran.stderr.splitlines()) == 1


USAGE = [
    (), ("--plan", "PLAN"), ("--log", "LOG"), ("ID", "--plan", "PLAN"), ("ID", "--room", "agility"),
    ("--plan", "PLAN", "--log", "LOG", "--fraction-group", "9"),
    ("--plan", "PLAN", "--log", "LOG", "--tolerances", "none"),
    ("--plan", "PLAN", "--log", "LOG", "--room", "none"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_usage_is_told_in_a_line(made: dict[str, Path], arguments: tuple[str, ...]) -> None:
    words = {"PLAN": str(made["plan"]), "LOG": str(made["sound"]), "ID": made["sound id"].name}
    ran = inside(made["sound store"], "reconcile", *(words.get(word, word) for word in arguments))
    assert (ran.code, len(ran.stderr.splitlines())) == (2, 1), ran.stderr


def test_what_is_no_log_or_no_plan_is_told_in_a_line(tmp_path: Path, made: dict[str, Path]) -> None:
    for plan, log in ((made["sound"], made["sound"]), (made["plan"], made["plan"]),
                      (made["plan"], tmp_path / "missing.bin")):  # fmt: skip
        ran = inside(tmp_path, "reconcile", "--plan", str(plan), "--log", str(log))
        assert (ran.code, len(ran.stderr.splitlines())) == (3, 1), ran.stderr


def test_the_log_of_a_continuation_begins_where_the_beam_was_stopped(
    made: dict[str, Path],
) -> None:
    """Its control points are those of the program that was loaded, not the plan's."""
    store, stopped = made["stopped store"], made["stopped id"].name
    went_on = inside(store, "--json", "deliver", "--continue", stopped, "--seed", "4")
    assert went_on.code == 0, went_on.stderr
    start_mu = went_on.json["beams"][0]["start_mu"]
    assert start_mu > 0
    told = inside(store, "--json", "reconcile", went_on.json["delivery_id"])
    assert (told.code, told.json["verdict"]) == (0, "pass"), told.stdout
    assert len(told.json["pairs"]) == 3
    for pair in told.json["pairs"]:
        planned_mu, given_mu = pair["meterset_mu"]
        assert given_mu == pytest.approx(planned_mu, abs=0.03)
        assert given_mu > start_mu
