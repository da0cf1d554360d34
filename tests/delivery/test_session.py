"""A session against a scripted room: whatever happens, the beam is off and the record tells it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.domain.delivery import CounterReading, DeliveryOutcome, MachineState, TerminationStatus
from gateway.domain.errors import (
    GatewayError,
    LinkLost,
    MachineFault,
    RemoteProtocolError,
    ReplyTimeout,
    StoreError,
)
from tests.delivery.fake_record import MemoryStore
from tests.delivery.fakes import PERIOD_S, ROOM, WIRE_S, Machine
from tests.delivery.scene import BEAM_MU, Scene, assert_off_and_told

PULSE_MU = ROOM.machine.mu_per_pulse
INTENTS = {"load": "beam-intent", "prepare": "beam-intent", "beam_on": "beam-on"}


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
