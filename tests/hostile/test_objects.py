"""Objects that hurt, sent to the whole service under every policy: nothing grows, nothing stops."""

import re
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from pydicom import Dataset

from gateway.adapters.nodestore.database import NodeDatabase
from gateway.dicom.sop_classes import RT_PLAN
from tests.dicom_read.builders import point
from tests.dicom_read.test_numbers import HOSTILE
from tests.guard.guarded import eventually
from tests.hostile import objects
from tests.hostile.client import EXPLICIT, Turned, association
from tests.hostile.objects import (
    STRUCTURES,
    deflate_bomb,
    deflated_elements,
    plan,
    set_text,
    sizes,
)
from tests.hostile.service import DEFLATED, Attacked, attacked

POLICIES = ("ACCEPT", "REFUSE", "APART", "PLANNER")
REFUSING = ("REFUSE", "PLANNER")
SUCCESS = 0x0000
INFLATED_MIB = 60
"""Within what may be inflated (Limits)."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    with attacked(tmp_path_factory.mktemp("objects")) as running:
        with association(running.port, "REFUSE", RT_PLAN) as client:
            assert client.store(RT_PLAN, "1.2.3", plan("1.2.3")) == SUCCESS
        yield running


def sent(service: Attacked, policy: str, uid: str, content: bytes, syntax: str = EXPLICIT) -> int:
    """The status; -1 where the association ends over it."""
    try:
        with association(service.port, policy, RT_PLAN, syntax) as client:
            return client.store(RT_PLAN, uid, content)
    except Turned:
        return -1


def states(service: Attacked) -> dict[str, str]:
    """How far every object has been judged, by UID."""
    with closing(NodeDatabase(service.store / "node")) as database, database.reading() as rows:
        found = rows.execute("SELECT sop_instance_uid, state FROM objects").fetchall()
    return {row[0]: row[1] for row in found}


def require_refused(service: Attacked, policy: str, uid: str, status: int) -> None:
    """Neither kept by who refuses nor, by anybody, to be delivered."""
    if policy in REFUSING:
        assert status not in {SUCCESS, -1}
    assert eventually(lambda: states(service).get(uid, "invalid") != "received")
    assert states(service).get(uid, "invalid") in {"invalid", "quarantined"}


@pytest.mark.parametrize(
    "mib", [1, *(pytest.param(mib, marks=pytest.mark.soak) for mib in (7, 48))]
)
@pytest.mark.parametrize("kind", sizes(1))
def test_what_is_larger_when_it_is_read(service: Attacked, kind: str, mib: int) -> None:
    for policy in POLICIES if mib > 1 else ("ACCEPT", "REFUSE"):
        uid = f"1.2.{len(kind)}.{mib}.{POLICIES.index(policy)}"
        status = sent(service, policy, uid, sizes(mib)[kind](uid))
        require_refused(service, policy, uid, status)
    service.require_calm()


@pytest.mark.parametrize("kind", STRUCTURES)
def test_structures_that_never_end(service: Attacked, kind: str) -> None:
    for number, policy in enumerate(POLICIES):
        uid = f"1.3.{len(kind)}.{number}"
        status = sent(service, policy, uid, STRUCTURES[kind](uid))
        require_refused(service, policy, uid, status)
    service.require_calm()


@pytest.mark.parametrize("mib", [1, 256, 1024])
def test_a_deflate_bomb_from_who_may_send_deflated(service: Attacked, mib: int) -> None:
    for number, policy in enumerate(POLICIES):
        uid = f"1.4.{mib}.{number}"
        status = sent(service, policy, uid, deflate_bomb(uid, mib), DEFLATED)
        require_refused(service, policy, uid, status)
    service.require_calm()


@pytest.mark.parametrize("policy", ["REFUSE", pytest.param("ACCEPT", marks=pytest.mark.soak)])
def test_deflated_elements_without_number(service: Attacked, policy: str) -> None:
    uid = f"1.5.{len(policy)}"
    status = sent(service, policy, uid, deflated_elements(uid, INFLATED_MIB), DEFLATED)
    require_refused(service, policy, uid, status)
    service.require_calm()


FIELDS: dict[str, Callable[[Dataset], Dataset]] = {
    "BeamMeterset": lambda made: made.FractionGroupSequence[0].ReferencedBeamSequence[0],
    "FinalCumulativeMetersetWeight": lambda made: made.BeamSequence[0],
    "NumberOfControlPoints": lambda made: made.BeamSequence[0],
    "CumulativeMetersetWeight": lambda made: point(made, 1),
    "GantryAngle": point,
    "NominalBeamEnergy": point,
    "LeafJawPositions": lambda made: point(made).BeamLimitingDevicePositionSequence[0],
}


EVERY = tuple(product(HOSTILE, FIELDS, POLICIES))
"""Each number in each place, under each policy."""
SHARE = len(FIELDS) * len(POLICIES) + 1
"""One of so many: places and policies take turns."""


@pytest.mark.parametrize("share", [SHARE, pytest.param(1, marks=pytest.mark.soak)])
def test_numbers_that_are_none(service: Attacked, share: int) -> None:
    told = {}
    for number, (text, field, policy) in enumerate(EVERY[::share]):
        uid = f"1.6.{share}.{number}"

        def spoil(made: Dataset, text: str = text, field: str = field) -> None:
            set_text(FIELDS[field](made), field, text)

        told[uid] = policy, sent(service, policy, uid, plan(uid, spoil))
    for uid, (policy, status) in told.items():
        require_refused(service, policy, uid, status)
    service.require_calm()


PATHS = ("../../x", "/etc/passwd", "..", "a/../../b", "1.2\0/x", "1" * 65, "1." * 5000, "", "x\ny")


@pytest.mark.parametrize("text", PATHS)
def test_a_uid_that_is_a_path_names_no_file(service: Attacked, text: str) -> None:
    before = names(service)
    places = ("object", "study", "series", "class", *(("command",) if text else ()))
    for policy, place in product(POLICIES, places):
        content = identified(text, place)
        uid = text if place == "command" else "1.7.1"
        assert sent(service, policy, uid, content) != SUCCESS or place in {"study", "series"}
    new = "".join(Path(name).name for name in names(service) - before)
    assert not text or text not in new
    assert not (service.store.parent / "x").exists()
    service.require_calm()


def identified(text: str, place: str) -> bytes:
    """An object that is filed under ``text`` in one of the UIDs that it has."""
    raw = text.encode() + b"\0" * (len(text) % 2)
    given = {"object": b"1.7.1\0", "study": b"1.2\0", "series": b"1.2.1\0", "class": b""}
    given["class"] = objects.padded(RT_PLAN)
    given |= {place: raw} if place != "command" else {"object": raw}
    return b"".join(
        objects.element(tag, b"UI", given[name])
        for tag, name in (
            (0x00080016, "class"),
            (0x00080018, "object"),
            (0x0020000D, "study"),
            (0x0020000E, "series"),
        )
    )


def names(service: Attacked) -> set[str]:
    """Every file of the site's folder."""
    return {str(one) for one in service.store.parent.rglob("*")}


def test_files_are_their_owners_only(service: Attacked) -> None:
    for path in (service.store / "node").rglob("*"):
        allowed = 0o700 if path.is_dir() else 0o600
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode & ~allowed == 0, f"{path}: {mode:o}"


CANARY = "Canary^Yellow"


def test_no_name_of_a_patient_is_in_the_log_or_in_a_file_name(service: Attacked) -> None:
    def named(made: Dataset) -> None:
        made.PatientName, made.PatientID = CANARY, "CANARY-7"
        set_text(point(made), "GantryAngle", "nan")

    for number, policy in enumerate(POLICIES):
        sent(service, policy, f"1.8.{number}", plan(f"1.8.{number}", named))
        wrong = plan(f"1.8.{number}.1", named).replace(b"1.8.", b"1.9.")
        sent(service, policy, f"1.8.{number}.1", wrong)
    said = service.log.read_text() + (service.store / "node" / "audit.log").read_text()
    assert not re.search("canary", said + "".join(names(service)), re.IGNORECASE)


def test_no_plan_was_queued(service: Attacked) -> None:
    """All of the above, and only what was said to be valid is."""
    valid = [uid for uid, state in states(service).items() if state == "valid"]
    assert valid == ["1.2.3"]
