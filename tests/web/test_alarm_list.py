"""Which alarms somebody has acknowledged."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.adapters.web.access import Person, Role
from gateway.adapters.webstore.acknowledgements import AcknowledgementTable
from gateway.adapters.webstore.database import WebDatabase
from gateway.app.web.alarm_list import AlarmList
from gateway.app.web.record_index import RaisedAlarm
from gateway.domain.alarms import Alarm

PERSON = Person("operator", Role.OPERATE)
ALARM = Alarm("verdict", "not passed: stuck-leaf", error=True)


@dataclass
class Raised:
    """Stands in for the index of a record."""

    raised: Sequence[RaisedAlarm]

    def alarms(self) -> Sequence[RaisedAlarm]:
        return self.raised


class At:
    """Stands in for the clock."""

    def now_ns(self) -> int:
        return 1


@pytest.fixture
def table(tmp_path: Path) -> Iterator[AcknowledgementTable]:
    with closing(WebDatabase(tmp_path)) as database:
        yield AcknowledgementTable(database)


def raised(delivery: str, sequence: int, sha256: str) -> RaisedAlarm:
    return RaisedAlarm(sequence, sha256, 0, delivery, 1, ALARM)


def alarm_list(table: AcknowledgementTable, *alarms: RaisedAlarm) -> AlarmList:
    return AlarmList(Raised(alarms), table, At())  # type: ignore[arg-type]


def test_an_acknowledgement_is_of_one_event_and_of_no_other_with_its_number(
    table: AcknowledgementTable,
) -> None:
    first, replaced = raised("D1", 7, "a" * 64), raised("D2", 7, "b" * 64)
    before = alarm_list(table, first, raised("D1", 8, "c" * 64))
    assert before.acknowledge("7", "seen", PERSON)["acknowledged_by"] == "operator"
    assert before.open() == 1
    assert [row["alarm"] for row in before.alarms(9, only_open=True)["items"]] == ["8"]
    after = alarm_list(table, replaced)
    assert after.open() == 1
    (row,) = after.alarms(9, only_open=False)["items"]
    assert (row["acknowledged_by"], row["acknowledged_at"], row["note"]) == (None, None, "")
    assert after.acknowledge("7", "seen too", PERSON)["note"] == "seen too"
    assert after.open() == 0
