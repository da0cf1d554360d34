"""The couch controller: lines and real-time bytes in, Grbl's answers out."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from simulators.couch.machine import QUEUE, CouchDrive
from simulators.couch.memory import CouchMemory
from simulators.couch.session import CouchSession
from tests.simulators.builders import COUCH, room

REPORT = re.compile(
    rb"<(Idle|Jog|Hold:0|Alarm)\|MPos:(-?\d+\.\d{3}),(-?\d+\.\d{3}),(-?\d+\.\d{3})\|FS:(\d+),0"
    rb"(\|WCO:0\.000,0\.000,0\.000|\|Ov:100,100,100)?>\r\n"
)
S = 1_000_000_000


class Line:
    """A session on virtual time."""

    def __init__(self, position: tuple[float, float, float] | None = (0.0, 0.0, 0.0)) -> None:
        self.drive = CouchDrive(COUCH, room().couch_axes, position)
        self.session = CouchSession(self.drive)
        self.t_ns = 0

    def say(self, text: bytes) -> bytes:
        return self.session.receive(text, self.t_ns)

    def wait(self, seconds: float) -> None:
        self.t_ns += round(seconds * S)

    def status(self) -> tuple[str, tuple[float, float, float], int]:
        report = REPORT.fullmatch(self.say(b"?"))
        assert report is not None
        x, y, z = (float(report[number]) for number in (2, 3, 4))
        return report[1].decode(), (x, y, z), int(report[5])


def test_who_it_is() -> None:
    assert Line().say(b"$I\n") == b"[VER:1.1h.20190825:]\r\n[OPT:V,15,128]\r\nok\r\n"


def test_a_jog_goes_there_and_says_so() -> None:
    line = Line()
    assert line.say(b"$J=G90 G21 G53 X10.000 F1200.000\n") == b"ok\r\n"
    line.wait(0.25)
    state, position, feed = line.status()
    assert state == "Jog"
    assert position == (pytest.approx(3.0, abs=1e-3), 0.0, 0.0)  # 20 mm/s after 0.2 s at 100 mm/s2
    assert feed == 1200
    line.wait(0.46)
    assert line.status() == ("Idle", (10.0, 0.0, 0.0), 0)


def test_the_slowest_axis_rules_a_diagonal() -> None:
    """Z may go at 20 mm/s: a move of (30, 40, 0)..(30, 40, 30) is bound by it."""
    line = Line()
    line.say(b"$J=G90 G21 G53 X30 Y40 Z30 F60000\n")
    line.wait(0.9)
    _, start, _ = line.status()
    line.wait(0.1)
    _, end, _ = line.status()
    assert end[2] - start[2] == pytest.approx(2.0, abs=2e-3)
    assert end[0] - start[0] == pytest.approx(2.0, abs=2e-3)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"\n", b"ok\r\n"),
        (b"$X\n", b"ok\r\n"),
        (b"$j = g90 x1 f100\n", b"ok\r\n"),
        (b"$J=G90 (comment) X1 F100 ; more\n", b"ok\r\n"),
        (b"$J=G91 X1 F100\n", b"ok\r\n"),
        (b"$J=G20 X1 F100\n", b"ok\r\n"),
        (b"$J=G90 X251 F100\n", b"error:15\r\n"),
        (b"$J=G90 Y-601 F100\n", b"error:15\r\n"),
        (b"$J=G90 X1\n", b"error:22\r\n"),
        (b"$J=G90 X1 F0\n", b"error:22\r\n"),
        (b"$J=G90 F100\n", b"error:26\r\n"),
        (b"$J=G90 X1 X2 F100\n", b"error:25\r\n"),
        (b"$J=G90 Xa F100\n", b"error:2\r\n"),
        (b"$J=G90 X F100\n", b"error:2\r\n"),
        (b"$J=G90 X1e3 F100\n", b"error:16\r\n"),
        (b"$J=9\n", b"error:1\r\n"),
        (b"$J=G0 X1 F100\n", b"error:16\r\n"),
        (b"$J=M3 X1 F100\n", b"error:16\r\n"),
        (b"$Q\n", b"error:3\r\n"),
        (b"G0 X10\n", b"error:20\r\n"),
        (b"10\n", b"error:1\r\n"),
        (b"$J=" + b"X" * 125 + b"\n", b"error:11\r\n"),
    ],
)
def test_a_line_and_its_answer(text: bytes, answer: bytes) -> None:
    assert Line().say(text) == answer


def test_units_and_increments() -> None:
    line = Line()
    line.say(b"$J=G91 G20 X1 F60\n$J=G91 X-1 F600\n")
    line.wait(60)
    assert line.status()[1][0] == pytest.approx(24.4, abs=1e-3)


def test_answers_interleave_with_reports() -> None:
    line = Line()
    answer = line.say(b"$J=G90 X1 ?F100\n?$X\n")
    parts = re.split(rb"(<[^>]*>\r\n)", answer)
    assert [part[:4] for part in parts if part] == [b"<Idl", b"ok\r\n", b"<Jog", b"ok\r\n"]


def test_jog_cancel_brakes_and_forgets_the_rest() -> None:
    line = Line()
    line.say(b"$J=G90 X100 F1200\n$J=G90 X0 F1200\n")
    line.wait(1.0)
    line.say(b"\x85")
    assert line.status()[0] == "Jog"
    line.wait(0.21)  # 20 mm/s at 100 mm/s2
    state, position, _ = line.status()
    assert state == "Idle"
    assert position[0] == pytest.approx(18.0 + 2.0, abs=2e-3)
    line.wait(10.0)
    assert line.status() == ("Idle", position, 0)
    line.say(b"\x85")
    assert line.status() == ("Idle", position, 0)


def test_feed_hold_cancels_a_jog_and_holds_an_idle_drive() -> None:
    line = Line()
    line.say(b"$J=G90 X100 F1200\n")
    line.wait(1.0)
    line.say(b"!")
    line.wait(1.0)
    assert line.status()[0] == "Idle"
    line.say(b"!")
    assert line.status()[0] == "Hold:0"
    assert line.say(b"$J=G90 X0 F1200\n") == b"error:8\r\n"
    line.say(b"~")
    assert line.say(b"$J=G90 X0 F1200\n") == b"ok\r\n"


def test_a_reset_in_motion_is_an_alarm_until_unlocked() -> None:
    line = Line()
    line.say(b"$J=G90 X100 F1200\n")
    line.wait(1.0)
    assert line.say(b"\x18") == (
        b"ALARM:3\r\n\r\nGrbl 1.1h ['$' for help]\r\n[MSG:'$H'|'$X' to unlock]\r\n"
    )
    assert line.status()[0] == "Alarm"
    assert line.say(b"$J=G90 X0 F1200\n") == b"error:9\r\n"
    assert line.say(b"G0 X1\n") == b"error:9\r\n"
    assert line.say(b"\x18").endswith(b"[MSG:'$H'|'$X' to unlock]\r\n")
    assert line.say(b"$X\n") == b"[MSG:Caution: Unlocked]\r\nok\r\n"
    assert line.say(b"$J=G90 X0 F1200\n") == b"ok\r\n"


def test_a_reset_at_rest_is_a_banner() -> None:
    line = Line()
    assert line.say(b"\x18") == b"\r\nGrbl 1.1h ['$' for help]\r\n"
    assert line.status()[0] == "Idle"


def test_offset_and_overrides_stand_in_some_reports_only() -> None:
    line = Line()
    reports = [line.say(b"?") for _ in range(23)]
    kinds = ["W" if b"WCO" in one else "O" if b"|Ov" in one else "-" for one in reports]
    assert "".join(kinds) == "W-O--------W--O-------W"


def test_jogs_queue_and_a_full_planner_makes_the_next_wait() -> None:
    line = Line()
    answer = b"".join(
        line.say(f"$J=G91 X{(-1) ** number} F6000\n".encode()) for number in range(QUEUE + 3)
    )
    assert answer.count(b"ok") == QUEUE + 1
    line.wait(0.5)
    assert line.say(b"").count(b"ok") == 2
    line.wait(10.0)
    assert line.status() == ("Idle", (0.0, 0.0, 0.0), 0)


def test_a_couch_pushed_beyond_its_travel_is_an_alarm() -> None:
    line = Line()
    line.drive.displace("X", 251.0)
    assert line.session.advance(line.t_ns + 1) == b"ALARM:1\r\n"
    assert line.status()[0] == "Alarm"


def test_a_couch_pushed_in_motion_goes_on_from_there() -> None:
    line = Line()
    line.say(b"$J=G90 X100 F1200\n")
    line.wait(1.0)
    line.say(b"")
    line.drive.displace("Y", 3.0)
    line.wait(60.0)
    assert line.status() == ("Idle", (100.0, 3.0, 0.0), 0)


def test_power_up_is_at_iec_zero_where_that_is_in_travel() -> None:
    assert Line(None).drive.position == (0.0, -500.0, 0.0)  # the room's offset of Y


def test_an_axis_the_room_does_not_map_cannot_move() -> None:
    drive = CouchDrive(COUCH, {Axis.COUCH_LATERAL: room().couch_axes[Axis.COUCH_LATERAL]}, None)
    session = CouchSession(drive)
    assert session.receive(b"$J=G90 Z1 F100\n", 0) == b"error:15\r\n"
    assert session.receive(b"$J=G90 X1 F100\n", 0) == b"ok\r\n"


def test_the_position_is_remembered(tmp_path: Path) -> None:
    memory = CouchMemory(tmp_path / "couch")
    assert memory.position is None
    memory.keep((1.0, 2.0, 3.0))
    memory.keep((4.0, 5.0, 6.0))
    memory.close()
    again = CouchMemory(tmp_path / "couch")
    assert again.position == (4.0, 5.0, 6.0)
    again.keep((7.0, 8.0, 9.0))
    again.close()
    last = CouchMemory(tmp_path / "couch")
    assert last.position == (7.0, 8.0, 9.0)
    last.close()


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from([b"?", b"!", b"~", b"\x18", b"\x85", b"\n", b"$X\n", b"$I\n"]),
            st.tuples(st.sampled_from("XYZ"), st.floats(-600.0, 600.0), st.floats(1.0, 9000.0)).map(
                lambda jog: f"$J=G90 {jog[0]}{jog[1]:.3f} F{jog[2]:.3f}\n".encode()
            ),
        ),
        max_size=20,
    ),
    st.floats(0.01, 3.0),
)
@settings(max_examples=60, deadline=None)
def test_whatever_comes_the_couch_moves_steadily_within_its_travel(
    said: list[bytes], step_s: float
) -> None:
    line = Line()
    before = line.drive.position
    for text in said:
        answer = line.say(text)
        answer.decode("ascii")
        for _ in range(4):
            line.wait(step_s / 4)
            line.say(b"")
            after = line.drive.position
            for axis, (low, high), limit in zip(
                range(3), line.drive.travel.values(), (40.0, 50.0, 20.0), strict=True
            ):
                assert low - 1e-6 <= after[axis] <= high + 1e-6
                assert abs(after[axis] - before[axis]) <= limit * step_s / 4 + 1e-6
            before = after
