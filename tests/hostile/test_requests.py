"""Requests that are made to keep the node busy, to break it, or to write its log for it."""

import re
import struct
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

import pytest
from pydicom import Dataset

from gateway.dicom.sop_classes import (
    RT_PLAN,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_MOVE,
    UPS_EVENT,
)
from tests.guard.wire import associate
from tests.hostile.client import Turned, association, command, padded
from tests.hostile.objects import MIB, empty_items, nested, plan, set_text, without_values
from tests.hostile.service import Attacked, attacked

IMPLICIT = "1.2.840.10008.1.2"
C_FIND, C_MOVE, N_EVENT_REPORT, N_ACTION, N_CREATE = 0x0020, 0x0021, 0x0100, 0x0130, 0x0140
SUCCESS, NO_MATCH, UNKNOWN_DESTINATION = 0x0000, 0xA900, 0xA801
NOT_AUTHORISED, INVALID_ARGUMENT, RESOURCE_LIMITATION = 0x0124, 0x0115, 0x0213
NO_SUCH_CLASS, UNABLE = 0x0122, 0xC000
TURNED = -1


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    with attacked(tmp_path_factory.mktemp("requests")) as running:
        with association(running.port, "ACCEPT", RT_PLAN) as client:
            for number in range(20):
                uid = f"1.2.3.{number}"
                assert client.store(RT_PLAN, uid, plan(uid)) == SUCCESS
        yield running


def key(tag: int, value: bytes) -> bytes:
    """An element, Implicit VR Little Endian."""
    value += b" " * (len(value) % 2)
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def identifier(keys: Mapping[int, bytes]) -> bytes:
    given = {0x00080052: b"STUDY", **keys}
    return b"".join(key(tag, given[tag]) for tag in sorted(given))


NAME, ID, STUDY, DATE, SETS = 0x00100010, 0x00100020, 0x0020000D, 0x00080020, 0x00080005
QUERIES: Mapping[str, bytes] = {
    "wildcards": identifier({NAME: b"*a" * 5000 + b"b"}),
    "wildcards within bounds": identifier({NAME: b"*n" * 500 + b"?b"}),
    "question marks": identifier({NAME: b"*" + b"?" * 8000 + b"b"}),
    "a long name": identifier({NAME: b"a^" * MIB}),
    "names without number": identifier({NAME: b"a\\" * (MIB - 100)}),
    "dates without number": identifier({DATE: b"20260101-\\" * 100_000}),
    "a long date": identifier({DATE: b"1" * MIB}),
    "escapes": identifier({SETS: b"\\ISO 2022 IR 87", NAME: b"\x1b" * MIB}),
    "an unknown set": identifier({SETS: b"ISO_IR 999", NAME: b"\xff"}),
    "no text": identifier({SETS: b"ISO_IR 192", NAME: b"\xff\xfe\xff"}),
    "a statement": identifier({ID: b"' OR '1'='1", NAME: b"'; DROP TABLE objects; --"}),
    "another statement": identifier({STUDY: b"1.2' OR 1=1 --", ID: b'"); DELETE FROM objects; --'}),
    "no level": key(NAME, b"*"),
    "nothing": b"",
    "noise": bytes(range(256)) * 100,
    "too large": identifier({NAME: b"a" * (9 * MIB)}),
    "a lie": key(0x00080052, b"STUDY") + struct.pack("<HHL", 0x10, 0x10, 0xFFFFFFF0),
}


def asked(
    service: Attacked, sop_class: str, command_set: bytes, data: bytes, syntax: str = IMPLICIT
) -> int:
    """The last status; TURNED where the association ends over it."""
    try:
        with association(service.port, "ACCEPT", sop_class, syntax) as client:
            return client.ask(command_set, data)
    except Turned:
        return TURNED


@pytest.mark.parametrize("name", QUERIES)
def test_queries(service: Attacked, name: str) -> None:
    status = asked(service, STUDY_ROOT_FIND, command(C_FIND, STUDY_ROOT_FIND), QUERIES[name])
    assert status in {SUCCESS, NO_MATCH, UNABLE, TURNED}
    assert stored(service) == 20
    service.require_calm()


def stored(service: Attacked) -> int:
    """How many objects a good query finds; each was sent in a study of its own plan."""
    with association(service.port, "GOOD", STUDY_ROOT_FIND, IMPLICIT) as client:
        keys = key(0x00080018, b"") + key(0x00080052, b"IMAGE")
        study = plan("1.2.3.0")
        at = study.index(b"\x20\x00\x0d\x00UI")
        (length,) = struct.unpack_from("<H", study, at + 6)
        series = study.index(b"\x20\x00\x0e\x00UI")
        (other,) = struct.unpack_from("<H", study, series + 6)
        keys += key(STUDY, study[at + 8 : at + 8 + length])
        keys += key(0x0020000E, study[series + 8 : series + 8 + other])
        return client.count(command(C_FIND, STUDY_ROOT_FIND), keys)


@pytest.mark.parametrize(
    "hostile",
    [
        empty_items(200_000, 0x0009),
        empty_items(19_000, 0x0009),
        without_values(260_000, 0x0009),
        nested(10_000),
        nested(80),
    ],
    ids=["items", "items within bounds", "elements", "deep", "less deep"],
)
def test_identifiers_that_are_larger_when_they_are_read(service: Attacked, hostile: bytes) -> None:
    for sop_class, command_set in (
        (STUDY_ROOT_FIND, command(C_FIND, STUDY_ROOT_FIND)),
        (STORAGE_COMMITMENT, commit()),
    ):
        status = asked(service, sop_class, command_set, hostile, "1.2.840.10008.1.2.1")
        assert status not in {SUCCESS, 0xFF00}
    service.require_calm()


def commit(action: int = 1) -> bytes:
    """An N-ACTION that requests storage commitment (PS3.7 10.1.4)."""
    more = {
        0x0003: padded(STORAGE_COMMITMENT),
        0x1001: padded(STORAGE_COMMITMENT_INSTANCE),
        0x1008: struct.pack("<H", action),
    }
    return command(N_ACTION, "", more.items())


def references(count: int) -> bytes:
    """A request for so many objects, Implicit VR Little Endian."""
    item = key(0x00081150, padded(RT_PLAN)) + key(0x00081155, b"1.2.3.4")
    items = (struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item) * count
    return key(0x00081195, b"1.2.9") + key(0x00081199, items)


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (references(100_000), {TURNED}),
        (references(15_000), {RESOURCE_LIMITATION}),
        (references(0), {INVALID_ARGUMENT}),
        (bytes(range(256)) * 16, {INVALID_ARGUMENT}),
        (key(0x00081195, b"../../x") + references(1)[16:], {INVALID_ARGUMENT}),
    ],
    ids=["100,000", "15,000", "none", "noise", "a path"],
)
def test_requests_for_commitment(service: Attacked, data: bytes, statuses: set[int]) -> None:
    assert asked(service, STORAGE_COMMITMENT, commit(), data) in statuses
    service.require_calm()


def test_other_requests_that_make_no_sense(service: Attacked) -> None:
    somewhere = command(C_MOVE, STUDY_ROOT_MOVE, [(0x0600, b"NOWHERE ")])
    study = identifier({STUDY: b"1.2"})
    assert asked(service, STUDY_ROOT_MOVE, somewhere, study) == UNKNOWN_DESTINATION
    wrong = command(C_MOVE, STUDY_ROOT_MOVE, [(0x0600, b"ACCEPT")])
    assert asked(service, STUDY_ROOT_MOVE, wrong, bytes(64)) != SUCCESS
    for event in (0, 1, 2, 0xFFFF):
        more = [(0x1000, b"1.2.3\0"), (0x1002, struct.pack("<H", event))]
        report = command(N_EVENT_REPORT, UPS_EVENT, more)
        assert asked(service, UPS_EVENT, report, bytes(range(256))) == NOT_AUTHORISED
    for field in (0x0001, C_MOVE, N_CREATE, 0x7FFF):
        more = {0x1000: b"../..\n", 0x0600: b"A\nERROR forged", 0x1008: b"\1\0"}
        rubbish = command(field, STUDY_ROOT_FIND, more.items())
        assert asked(service, STUDY_ROOT_FIND, rubbish, bytes(range(256))) != SUCCESS
    service.require_calm()


@pytest.mark.parametrize("raw", [b"", bytes(8), b"\xff" * 200, b"\0\0\0\0\4\0\0\0\xff\xff\xff\xff"])
def test_command_sets_that_are_none(service: Attacked, raw: bytes) -> None:
    assert asked(service, STUDY_ROOT_FIND, raw, bytes(16)) != SUCCESS
    service.require_calm()


def test_as_many_contexts_as_there_can_be(service: Attacked) -> None:
    for contexts in (tuple(range(1, 256, 2)), tuple(range(1, 256))):
        with service.connect() as client:
            client.sendall(associate(calling="GOOD", contexts=contexts))
            assert client.recv(1) in {b"\x02", b""}
    service.require_calm()


FORGERIES = (
    "A\nERROR forged",
    "A\r\nforged",
    "\x1b[31mforged",
    "forged\0",
    "<forged/>",
    "]]>&forged",
)


def test_nobody_writes_the_log_or_the_trail(service: Attacked) -> None:
    for title in FORGERIES:
        for given in ({"calling": title}, {"called": title}):
            with service.connect() as client:
                client.sendall(associate(**{"calling": "GOOD", **given}))
                client.recv(64)
    with association(service.port, "REFUSE", RT_PLAN) as client:
        for title in FORGERIES:
            client.store(RT_PLAN, "1.2.4", plan("1.2.4", lambda made, t=title: named(made, t)))
    lines = service.log.read_text().splitlines()
    assert all(re.match(r"(WARNING|ERROR) [a-z_.]+: ", line) for line in lines), lines
    assert not any("\x1b" in line or "\0" in line for line in lines)
    for line in (service.store / "node" / "audit.log").read_text().splitlines():
        assert ET.fromstring(line[line.index("<AuditMessage") :]).tag == "AuditMessage"


def named(made: Dataset, text: str) -> None:
    """Texts of the object that findings may cite."""
    for keyword in ("RTPlanLabel", "PlanIntent", "Modality", "RTPlanDate"):
        set_text(made, keyword, text)
