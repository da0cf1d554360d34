"""A session against a scripted room: whatever happens, the beam is off and the record tells it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from gateway.domain.axes import Axis
from gateway.domain.delivery import CounterReading, DeliveryOutcome, MachineState, TerminationStatus
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
    StoreError,
)
from gateway.ports.store import Json, StoredEvent
from tests.delivery.fakes import PERIOD_S, ROOM, WIRE_S, Imager, Linac, Machine, MemoryStore
from tests.delivery.scene import BEAM_MU, Scene

PULSE_MU = ROOM.machine.mu_per_pulse
INTENTS = {"load": "beam-intent", "prepare": "beam-intent", "beam_on": "beam-on"}


def assert_off_and_told(scene: Scene) -> None:
    """No beam, by a command of ours where there was one; every begun beam has its end."""
    assert not scene.machine.beaming
    if "beam_on" in scene.machine.log:
        after = scene.machine.log[scene.machine.log.index("beam_on") :]
        assert "terminate" in after
    kinds = scene.store.kinds
    if "intent" in kinds:
        assert kinds[-1] == "end"
        assert kinds.count("beam-intent") == kinds.count("beam-end")
        entry = scene.entry
        assert entry is not None
        assert entry.outcome is not DeliveryOutcome.UNRESOLVED


def test_two_beams_as_they_should_be() -> None:
    scene = Scene(beams=2)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.COMPLETE
    assert [beam.end_meterset_mu for beam in result.beams] == [BEAM_MU, BEAM_MU]
    assert_off_and_told(scene)
    assert len(scene.frames.kept) == 2


def test_cancelled_at_any_step_the_beam_goes_off_and_the_record_is_whole() -> None:
    whole = Scene(beams=2)
    whole.play()
    assert whole.steps > 30
    for step in range(1, whole.steps + 1):
        scene = Scene(beams=2)
        with pytest.raises(asyncio.CancelledError):
            scene.play(cancel_at=frozenset({step}))
        assert_off_and_told(scene)


def test_cancelled_again_and_again_it_still_comes_to_its_end() -> None:
    whole = Scene()
    whole.play()
    for step in range(1, whole.steps + 1):
        scene = Scene()
        with pytest.raises(asyncio.CancelledError):
            scene.play(cancel_at=frozenset(range(step, step + 50)))
        assert_off_and_told(scene)


def test_a_disk_that_fails_at_any_write_ends_the_beam() -> None:
    whole = Scene()
    whole.play()
    assert whole.store.writes > 15
    for write in range(1, whole.store.writes + 1):
        scene = Scene(store=MemoryStore(fails_at=write))
        with pytest.raises(StoreError, match="disk is full"):
            scene.play()
        assert not scene.machine.beaming


def test_nothing_is_commanded_before_it_is_durable() -> None:
    whole = Scene()
    whole.play()
    for write in range(1, whole.store.writes + 1):
        scene = Scene(store=MemoryStore(fails_at=write))
        with pytest.raises(StoreError):
            scene.play()
        for command, intent in INTENTS.items():
            assert command not in scene.machine.log or intent in scene.store.kinds


ERRORS = (
    MachineFault("BAD_STATE", "no"),
    LinkLost("gone"),
    ReplyTimeout("no answer"),
    RemoteProtocolError("nonsense"),
)
COMMANDS = ("load", "prepare", "read_back", "beam_on", "terminate", "read_counter", "unload")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_command_that_fails_never_leaves_a_beam_or_a_doubt_about_it(
    command: str, error: GatewayError
) -> None:
    scene = Scene(machine=Machine(refusals={command: error}))
    result = scene.play()
    assert not scene.machine.beaming
    assert scene.store.kinds[-1] == "end"
    (beam,) = result.beams
    if command in ("terminate", "unload"):
        assert beam.termination_status is TerminationStatus.NORMAL
        assert beam.end_meterset_mu == BEAM_MU
    elif command == "read_counter":
        assert (result.outcome, beam.end_meterset_mu) == (DeliveryOutcome.UNRESOLVED, None)
    else:
        assert result.outcome is DeliveryOutcome.TERMINATED
        assert beam.end_meterset_mu == 0.0


def test_a_refused_command_is_no_lost_link() -> None:
    scene = Scene(machine=Machine(refusals={"unload": MachineFault("BAD_STATE", "faulted")}))
    scene.play()
    assert "refused" in scene.store.kinds
    assert "incident" not in scene.store.kinds


def test_silence_holds_and_terminates_within_the_bounds_of_the_room() -> None:
    scene = Scene(machine=Machine(silent_after_mu=2.0))
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    held_s, off_s = scene.machine.held_at_s, scene.machine.off_at_s
    assert held_s is not None
    assert off_s is not None
    # between the two bounds, to the guard's own step of a twentieth of hold_after_s
    between_s = ROOM.bounds.terminate_after_s - ROOM.bounds.hold_after_s
    assert off_s - held_s == pytest.approx(between_s, abs=ROOM.bounds.hold_after_s / 20 + WIRE_S)
    # 10 MU/s: telemetry stops with 2 MU, the beam is held one bound and one sample later at most
    most_mu = 2.0 + 10.0 * (ROOM.bounds.hold_after_s + 2 * PERIOD_S)
    assert scene.machine.meterset_mu <= most_mu
    assert result.beams[0].end_meterset_mu == scene.machine.meterset_mu


def test_a_hold_that_is_refused_becomes_a_termination() -> None:
    machine = Machine(silent_after_mu=2.0, refusals={"hold": MachineFault("BAD_STATE", "no")})
    scene = Scene(machine=machine)
    scene.play()
    assert machine.log[machine.log.index("hold") + 1] == "terminate"
    assert_off_and_told(scene)


async def abort(scene: Scene, _: Linac) -> None:
    await asyncio.sleep(0.1)
    assert scene.task is not None
    scene.task.cancel()


async def hold_is_asked_for(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0


async def machine_resumes_by_itself(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0
    await asyncio.sleep(0.2)
    assert scene.machine.state is MachineState.HELD
    scene.machine.state = MachineState.BEAM_ON


@pytest.mark.parametrize(
    ("machine", "during"),
    [
        (Machine(ignored=frozenset({"hold"})), hold_is_asked_for),
        (Machine(), machine_resumes_by_itself),
    ],
    ids=["acknowledged only", "resumed by the machine"],
)
def test_a_hold_of_ours_that_does_not_stand_becomes_a_termination(
    machine: Machine, during: Callable[[Scene, Linac], Awaitable[None]]
) -> None:
    scene = Scene(machine=machine, during=during)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert scene.machine.meterset_mu < BEAM_MU
    codes = [
        event.body["code"] for event in scene.store.stored if event.kind in ("hold", "terminate")
    ]
    assert codes == ["couch-position", "hold-left"]
    assert_off_and_told(scene)


def test_a_termination_without_an_answer_closes_the_link_before_anything_else() -> None:
    """So that the machine holds the beam, and no heartbeat keeps its dead-man quiet."""
    machine = Machine(
        refusals={"terminate": ReplyTimeout("no answer")}, ends_when_closed=True, stops_at_mu=2.0
    )
    scene = Scene(machine=machine, during=lose_couch)
    result = scene.play()
    assert machine.log[machine.log.index("terminate") + 1] == "closed"
    assert not machine.beaming
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert "couch-lost" in result.reason
    assert result.beams[0].end_meterset_mu == machine.meterset_mu


@pytest.mark.parametrize("way", ["refusals", "ignored"])
def test_an_abort_that_is_not_carried_out_closes_the_link_before_the_images(way: str) -> None:
    told = ReplyTimeout("no answer")
    deaf = Machine(refusals={"terminate": told}) if way == "refusals" else Machine()
    deaf.ignored = frozenset({"terminate"})
    deaf.ends_when_closed = True
    scene = Scene(machine=deaf, during=abort)
    scene.imager.log = deaf.log
    with pytest.raises(asyncio.CancelledError):
        scene.play()
    log = deaf.log[deaf.log.index("beam_on") :]
    assert log.index("terminate") < log.index("closed") < log.index("finish")
    assert not deaf.beaming
    assert scene.entry is not None
    assert scene.entry.beams[1].end_meterset_mu == deaf.meterset_mu


def test_the_same_sample_again_and_again_is_silence() -> None:
    scene = Scene(machine=Machine(repeats_after_mu=2.0))
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert "stale-telemetry" in result.reason
    assert scene.machine.meterset_mu < BEAM_MU
    assert_off_and_told(scene)


@pytest.mark.parametrize("unasked_s", [0.0, 3 * PERIOD_S], ids=["read back", "telemetry"])
def test_dose_of_a_machine_that_beamed_unasked_is_counted(unasked_s: float) -> None:
    scene = Scene(machine=Machine(unasked_s=unasked_s))
    result = scene.play()
    assert "beam_on" not in scene.machine.log
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert result.beams[0].end_meterset_mu == scene.machine.meterset_mu > 0
    assert_off_and_told(scene)


def test_samples_lost_while_a_beam_is_armed_are_counted() -> None:
    class LosesThem(MemoryStore):
        async def append(
            self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
        ) -> StoredEvent:
            if kind == "beam-on":
                await asyncio.sleep(2 * PERIOD_S)
                scene.linacs[0].skip(3)
            return await super().append(delivery_id, kind, body, at_ns)

    scene = Scene(store=LosesThem())
    assert scene.play().beams[0].lost_samples == 3


def test_a_machine_that_answers_nothing_is_given_up_within_its_bound() -> None:
    lost = ReplyTimeout("no answer")
    commands = ("hold", "terminate", "read_counter")
    machine = Machine(silent_after_mu=2.0, refusals=dict.fromkeys(commands, lost))
    scene = Scene(machine=machine)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.UNRESOLVED
    assert "stale-telemetry" in result.reason


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (lambda _: None, "a beam that was loaded is known"),
        (lambda known: replace(known, finished=False), "not final"),
        (lambda known: replace(known, meterset_mu=1.0), "telemetry had shown more"),
        (lambda known: replace(known, start_meterset_mu=1.0), "another program"),
    ],
)
def test_a_counter_that_cannot_be_believed_leaves_the_delivery_unresolved(
    reading: Callable[[CounterReading], CounterReading | None], why: str
) -> None:
    scene = Scene(machine=Machine(counter=reading))
    result = scene.play()
    assert result.outcome is DeliveryOutcome.UNRESOLVED, why
    assert result.beams[0].end_meterset_mu is None
    assert "counter-unknown" in scene.store.kinds


def test_complete_with_too_little_meterset_is_not_complete() -> None:
    scene = Scene(machine=Machine(stops_at_mu=BEAM_MU - 2 * PULSE_MU))
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert "lacks" in result.reason


def test_a_machine_that_takes_the_command_and_does_not_beam_is_terminated() -> None:
    scene = Scene(machine=Machine(stuck_in=MachineState.PREPARED))
    result = scene.play()
    assert "no-beam" in result.reason
    assert_off_and_told(scene)


async def lose_linac(scene: Scene, linac: Linac) -> None:
    await asyncio.sleep(0.1)
    scene.machine.state = MachineState.TERMINATED
    linac.lose(LinkLost("cut"))


def test_a_lost_link_is_counted_over_a_fresh_one() -> None:
    scene = Scene(during=lose_linac)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert result.beams[0].end_meterset_mu == scene.machine.meterset_mu > 0
    assert len(scene.linacs) == 2


async def lose_couch(scene: Scene, _: Linac) -> None:
    assert scene.couch.on_lost is not None
    scene.couch.on_lost(LinkLost("cut"))


async def couch_falls_silent(scene: Scene, _: Linac) -> None:
    scene.couch.silent = True


async def couch_moves(scene: Scene, _: Linac) -> None:
    scene.couch.at_mm[Axis.COUCH_VERTICAL] += 5.0


async def lose_imager(scene: Scene, _: Linac) -> None:
    assert scene.imager.on_lost is not None
    scene.imager.on_lost(LinkLost("cut"))


@pytest.mark.parametrize(
    ("during", "code"),
    [(lose_couch, "couch-lost"), (couch_moves, "couch-position")],
)
def test_a_couch_that_is_lost_or_moves_ends_the_beam(
    during: Callable[[Scene, Linac], Awaitable[None]], code: str
) -> None:
    scene = Scene(during=during)
    result = scene.play()
    assert result.outcome is DeliveryOutcome.TERMINATED
    assert scene.machine.meterset_mu < BEAM_MU
    codes = [
        event.body["code"] for event in scene.store.stored if event.kind in ("hold", "terminate")
    ]
    assert codes[0] == code
    assert_off_and_told(scene)


def test_a_couch_lost_before_a_beam_refuses_it() -> None:
    class LoseItAtTheEnd(MemoryStore):
        async def append(
            self, delivery_id: str, kind: str, body: Mapping[str, Json], at_ns: int
        ) -> StoredEvent:
            if kind == "beam-end" and scene.couch.on_lost is not None:
                scene.couch.on_lost(LinkLost("cut"))
            return await super().append(delivery_id, kind, body, at_ns)

    scene = Scene(beams=2, store=LoseItAtTheEnd())
    result = scene.play()
    assert scene.machine.log.count("beam_on") == 1
    assert result.outcome is DeliveryOutcome.TERMINATED


@pytest.mark.parametrize("command", ["start", "finish"])
def test_an_imager_that_fails_leaves_a_record_and_no_hang(command: str) -> None:
    imager = Imager()
    imager.failures[command] = ReplyTimeout("no answer")
    scene = Scene(imager=imager)
    result = scene.play()
    assert_off_and_told(scene)
    incidents = [event.body for event in scene.store.stored if event.kind == "incident"]
    if command == "finish":
        assert result.outcome is DeliveryOutcome.COMPLETE
        assert [body["device"] for body in incidents] == ["imager"]
    else:
        assert "beam_on" not in scene.machine.log


def test_an_imager_lost_in_the_first_beam_is_told_in_the_second_too() -> None:
    scene = Scene(beams=2, during=lose_imager)
    assert scene.play().outcome is DeliveryOutcome.COMPLETE
    told = [event.body["beam"] for event in scene.store.stored if event.kind == "incident"]
    assert told == [1, 2]


def test_a_frame_of_another_beam_is_not_kept() -> None:
    imager = Imager()
    imager.frame_of = 9
    scene = Scene(imager=imager)
    scene.play()
    assert scene.frames.kept == []
    assert "incident" in scene.store.kinds


def test_frames_that_cannot_be_kept_do_not_make_the_meterset_uncertain() -> None:
    scene = Scene()
    scene.frames.error = StoreError("the disk is full")
    with pytest.raises(StoreError):
        scene.play()
    assert scene.entry is not None
    assert scene.entry.beams[1].end_meterset_mu == BEAM_MU


def test_who_watches_the_progress_cannot_disturb_the_beam(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
        raise BrokenPipeError

    scene = Scene(progress=broken)
    assert scene.play().outcome is DeliveryOutcome.COMPLETE
    assert "BrokenPipeError" in caplog.text
