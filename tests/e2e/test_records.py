"""Fractions, interruptions, resolution and continuation, as a person meets them."""

import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from gateway.app.deliver import continue_delivery
from gateway.app.fractions import altered_plan
from gateway.app.records import history, reconcile_again, show, verify
from gateway.app.request import Request
from gateway.app.resolve import Entered, resolve
from gateway.dicom.plan_file import read_plan_bytes
from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.errors import Blocked, ConfigError, PlanRejected
from gateway.domain.findings import has_errors
from tests.e2e.command import LIMIT_S, argv, environment, inside, run
from tests.e2e.deliveries import delivered, generated, settings, unseen
from tests.e2e.processes import busy

POLL_S = 0.05


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return generated(tmp_path, "step-and-shoot")


def test_a_beam_is_delivered_once_per_fraction(tmp_path: Path, plan: Path) -> None:
    first = delivered(tmp_path, plan)
    assert first.summary["plan"]["fraction"] == 1
    with pytest.raises(Blocked, match="nothing is delivered twice"):
        delivered(tmp_path, plan, fraction=1)
    assert delivered(tmp_path, plan).summary["plan"]["fraction"] == 2


def test_beams_by_name_then_the_rest_of_the_fraction(tmp_path: Path, plan: Path) -> None:
    one = delivered(tmp_path, plan, beams=(2,))
    assert [beam["number"] for beam in one.summary["beams"]] == [2]
    rest = delivered(tmp_path, plan)
    assert rest.summary["plan"]["fraction"] == 1
    assert 2 not in [beam["number"] for beam in rest.summary["beams"]]
    assert rest.summary["verdict"] == "pass"
    with pytest.raises(ConfigError, match="not a deliverable beam"):
        delivered(tmp_path, plan, beams=(99,))


def test_a_fraction_beyond_the_plan_is_a_finding(tmp_path: Path, plan: Path) -> None:
    finished = delivered(tmp_path, plan, fraction=999)
    rules = {finding["rule"] for finding in finished.summary["findings"]}
    assert "fraction-beyond-plan" in rules


def test_a_plan_that_was_altered_under_its_uid_is_a_finding(tmp_path: Path, plan: Path) -> None:
    first = delivered(tmp_path, plan)
    assert "plan-altered" not in {found["rule"] for found in first.summary["findings"]}
    dataset = pydicom.dcmread(plan)
    dataset.BeamSequence[0].BeamName = "Other"
    dataset.save_as(plan)
    second = delivered(tmp_path, plan)
    (found,) = (each for each in second.summary["findings"] if each["rule"] == "plan-altered")
    assert found["severity"] == "warning"
    assert first.summary["delivery_id"] in found["message"]


def test_an_altered_plan_is_refused_in_a_real_room(tmp_path: Path, plan: Path) -> None:
    entry = delivered(tmp_path, plan).entry
    read, _ = read_plan_bytes(plan.read_bytes(), "plan.dcm").resolve(1)
    assert read is not None
    assert altered_plan([entry], read, simulated=False) == ()
    with pytest.raises(PlanRejected, match="UID of its own"):
        altered_plan([entry], replace(read, sha256="0" * 64), simulated=False)


def test_a_terminated_delivery_is_continued_to_the_planned_meterset(
    tmp_path: Path, plan: Path
) -> None:
    stopped = delivered(tmp_path, plan, faults=["door-open"])
    assert (stopped.summary["state"], stopped.exit_code) == ("terminated", 4)
    with pytest.raises(Blocked, match="--continue"):
        delivered(tmp_path, plan)
    name = stopped.summary["delivery_id"]
    rest = continue_delivery(name, Request(seed=5), settings(tmp_path), unseen)
    assert (rest.summary["state"], rest.summary["verdict"]) == ("complete", "pass")
    assert rest.summary["continues"] == name
    with pytest.raises(Blocked, match="continued already"):
        continue_delivery(name, Request(seed=6), settings(tmp_path), unseen)
    totals: dict[int, float] = {}
    for finished in (stopped, rest):
        record = pydicom.dcmread(finished.directory / "treatment_record.dcm")
        for beam in record.TreatmentSessionBeamSequence:
            number = int(beam.ReferencedBeamNumber)
            more = float(beam.DeliveredPrimaryMeterset)
            totals[number] = totals.get(number, 0.0) + more
    planned = {item.beam.number: item.beam.meterset_mu for item in rest.evidence}
    pulse_mu = rest.evidence[0].mu_per_pulse
    for number, meterset_mu in planned.items():
        assert totals[number] == pytest.approx(meterset_mu, abs=pulse_mu + 1e-3)


def test_a_lost_link_blocks_until_it_is_resolved(tmp_path: Path, plan: Path) -> None:
    lost = delivered(tmp_path, plan, faults=["lost-link"])
    name, ours = lost.summary["delivery_id"], settings(tmp_path)
    assert (lost.summary["state"], lost.exit_code) == ("unresolved", 4)
    with pytest.raises(Blocked, match=f"resolve {name}"):
        delivered(tmp_path, plan)
    with pytest.raises(Blocked, match="unresolved"):
        continue_delivery(name, Request(seed=5), ours, unseen)
    assert resolve(name, ours, None, None).outcome is DeliveryOutcome.TERMINATED
    assert resolve(name, ours, None, None).outcome is DeliveryOutcome.TERMINATED
    rest = continue_delivery(name, Request(seed=5), ours, unseen)
    assert rest.summary["verdict"] == "pass"


def test_two_people_may_enter_the_meterset(tmp_path: Path, plan: Path) -> None:
    lost = delivered(tmp_path, plan, faults=["lost-link"])
    name, ours = lost.summary["delivery_id"], settings(tmp_path)
    with pytest.raises(ConfigError, match="two different people"):
        Entered(1.0, ("one", "one"), "read from the console")
    with pytest.raises(ConfigError, match="--reason"):
        Entered(1.0, ("one", "two"), " ")
    with pytest.raises(ConfigError, match="is not between"):
        resolve(name, ours, None, Entered(9999.0, ("one", "two"), "read from the console"))
    with pytest.raises(ConfigError, match="had shown"):
        resolve(name, ours, None, Entered(1.5, ("one", "two"), "less than was seen"))
    read = Entered(46.0, ("one", "two"), "read from the console")
    entry = resolve(name, ours, None, read)
    assert entry.outcome is DeliveryOutcome.TERMINATED
    counted = [beam.end_meterset_mu for beam in entry.beams.values() if beam.started]
    assert counted == [read.meterset_mu]


def test_the_record_can_be_read_again(tmp_path: Path, plan: Path) -> None:
    finished = delivered(tmp_path, plan)
    ours, name = settings(tmp_path), finished.summary["delivery_id"]
    assert [row["delivery_id"] for row in history(ours)] == [name]
    assert show(ours, name)["state"] == "complete"
    assert not has_errors(verify(ours, name))
    again, passed = reconcile_again(ours, name)
    assert passed
    assert again == finished.summary
    report = finished.directory / "report.html"
    report.write_bytes(report.read_bytes() + b" ")
    assert has_errors(verify(ours, name))


def test_two_fraction_groups_have_to_be_chosen_from(tmp_path: Path, plan: Path) -> None:
    dataset = pydicom.dcmread(plan)
    group = dataset.FractionGroupSequence[0]
    other = pydicom.Dataset()
    other.update(group)
    other.FractionGroupNumber = 2
    dataset.FractionGroupSequence.append(other)
    dataset.save_as(plan)
    result = run(tmp_path / "store", "deliver", str(plan))
    assert result.code == 2
    assert "1, 2" in result.stderr


def test_a_real_room_wants_approval_two_people_and_a_permit(tmp_path: Path, plan: Path) -> None:
    site = tmp_path / "site" / "rooms"
    site.mkdir(parents=True)
    ours = Path(__file__).resolve().parents[2] / "config" / "rooms" / "truebeam-m120.toml"
    text = ours.read_text().replace("simulated = true", "simulated = false")
    (site / "bunker.toml").write_text(text)
    real = settings(tmp_path).model_copy(update={"site": site.parent})
    from gateway.app.deliver import deliver

    with pytest.raises(PlanRejected, match="approv"):
        deliver(Request(plan=plan, room="bunker"), real, unseen)
    dataset = pydicom.dcmread(plan)
    dataset.ApprovalStatus = "APPROVED"
    dataset.save_as(plan)
    with pytest.raises(ConfigError, match="two different people"):
        deliver(Request(plan=plan, room="bunker", by=("one", " ONE")), real, unseen)
    with pytest.raises(ConfigError, match="--permit"):
        deliver(Request(plan=plan, room="bunker", by=("one", "two")), real, unseen)
    assert history(real) == []


def test_interrupt_turns_the_beam_off_and_keeps_the_record(tmp_path: Path) -> None:
    plan, store = generated(tmp_path, "open-field"), tmp_path / "store"
    process = subprocess.Popen(
        argv(store, *busy(tmp_path), "deliver", str(plan), "--speed", "real"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    ours = settings(tmp_path)
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not _beam_is_on(ours):
        assert process.poll() is None, process.communicate()
        time.sleep(POLL_S)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 4, stdout + stderr
    assert "Traceback" not in stderr
    (row,) = history(ours)
    assert row["state"] == "terminated"
    (beam,) = show(ours, row["delivery_id"])["beams"]
    assert beam["termination_status"] == "OPERATOR"
    assert 0 <= beam["end_mu"] < beam["planned_mu"]
    assert not has_errors(verify(ours, row["delivery_id"]))


def _beam_is_on(ours: object) -> bool:
    from gateway.domain.errors import StoreError
    from gateway.settings import Settings

    assert isinstance(ours, Settings)
    try:
        rows = history(ours)
        kinds = [
            event["kind"] for row in rows for event in show(ours, row["delivery_id"])["events"]
        ]
    except StoreError:
        return False
    return "beam-on" in kinds


def test_an_empty_history_names_its_store(tmp_path: Path) -> None:
    """A mistyped --store is seen so."""
    ran = inside(tmp_path / "stoer", "history")
    assert (ran.code, ran.stdout) == (0, f"no deliveries in {tmp_path / 'stoer'}\n")
