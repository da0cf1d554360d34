"""The service as it runs: what it loses is started again, and what stops it ends the beam."""

import os
import signal
from pathlib import Path

import pytest

from gateway.app.records import history, show, verify
from gateway.domain.findings import has_errors
from gateway.settings import Settings
from tests import peers
from tests.e2e.deliveries import generated
from tests.mqtt.mosquitto import Mosquitto, mosquitto
from tests.mqtt.subscriber import Heard, said, subscriber
from tests.mqtt.test_outage import once_or_repeated
from tests.node_service.serving import free_port, service, storescp, storescu
from tests.service.running import (
    ROOM,
    Api,
    everything,
    processes,
    service_manager,
    wait_for,
)

EVERY = {"room", "web", "mqtt", "worker", "sender", "guard"}


@pytest.mark.peer
def test_every_process_that_is_lost_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at one moment; there was no broker at first. The service manager hears how it stands."""
    peers.program("storescu", "dcmtk")
    broker, back = Mosquitto(tmp_path / "broker"), free_port()
    settings = everything(tmp_path, broker.port, back)
    plan = generated(tmp_path, "open-field")
    with service_manager(monkeypatch, watchdog_s=1.0) as manager:
        with (
            storescp(tmp_path, back),
            service(tmp_path, settings, ROOM, web=True) as served,
        ):
            manager.until("READY=1")
            manager.until("WATCHDOG=1", times=3)
            broker.start()
            with subscriber(broker.port) as ear:
                ear.until(said("online"))
                lost = processes(served)
                assert set(lost) == EVERY
                assert {name for name in EVERY if _stand_back(lost[name])} == {"web", "mqtt"}
                for pid in frozenset().union(*lost.values()):
                    os.kill(pid, signal.SIGKILL)
                ear.until(said("offline"))
                ear.until(said("online"))
                wait_for(lambda: _all_new(processes(served), lost))
                api = Api(served)
                wait_for(lambda: api.get("/readyz")[0] == 200)
                wait_for(lambda: _works(api))
                assert storescu(served.port, "PLANNER", plan).returncode == 0
                ear.until(lambda one: _event(one) == "verdict")
            broker.stop()
        manager.until("STOPPING=1")
    assert manager.said[0] == "READY=1"
    assert manager.said[-1] == "STOPPING=1"
    assert set(manager.said) == {"READY=1", "WATCHDOG=1", "STOPPING=1"}


def _stand_back(pids: frozenset[int]) -> bool:
    """Whether they come after this process, as those do who only show or tell."""
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    return all(os.getpriority(os.PRIO_PROCESS, pid) > ours for pid in pids)


def _all_new(now: dict[str, frozenset[int]], lost: dict[str, frozenset[int]]) -> bool:
    return set(now) == EVERY and not any(now[name] & lost[name] for name in EVERY)


def _works(api: Api) -> bool:
    _, metrics = api.get("/metrics")
    return all(
        f'linac_gateway_process_up{{process="{name}",room="{ROOM}"}} 1.0' in metrics
        for name in ("room", "web", "mqtt")
    )


@pytest.mark.peer
def test_broker_and_teller_are_killed_in_mid_beam_and_ctrl_c_ends_the_next(tmp_path: Path) -> None:
    """Every event arrives once or is marked as a repeat, in order; the beam takes no notice.

    The process that tells stands still until the subscriber is back: nobody is told what nobody
    can hear. The first delivery is ended by an abort, the second by Ctrl-C.
    """
    with mosquitto(tmp_path / "broker") as broker, subscriber(broker.port) as ear:
        settings = everything(tmp_path, broker.port, free_port())
        with service(tmp_path, settings, ROOM, web=True) as served:
            api, ours = Api(served), Settings(store=served.store)
            api.deliver("sliding-window", seed=1)
            delivery = ear.until(lambda one: _event(one) == "beam-on").json["delivery_id"]
            (teller,) = processes(served)["mqtt"]
            os.kill(teller, signal.SIGKILL)
            ear.until(said("offline"))
            ear.until(said("online"))
            ear.until(lambda one: one.topic.endswith("/telemetry"))
            (teller,) = processes(served)["mqtt"]
            os.kill(teller, signal.SIGSTOP)
            broker.kill()
            broker.start()
            assert ear.subscribed.acquire(timeout=60.0)
            os.kill(teller, signal.SIGCONT)
            ear.until(lambda one: one.topic.endswith("/telemetry"))
            assert api.post("/room/abort", {"delivery_id": delivery})["status"] == "done"
            ear.until(lambda one: _event(one) == "verdict")
            once_or_repeated(ear, len(_kinds(ours, delivery)))
            assert any(body["repeat"] for body in ear.of("/event"))
            assert {"hold", "incident"}.isdisjoint(_kinds(ours, delivery))
            api.deliver("open-field", seed=2)
            ear.until(lambda one: _event(one) == "beam-on")
            served.process.send_signal(signal.SIGINT)
            served.process.wait()
        assert served.process.returncode == 0
    aborted, stopped = sorted(history(ours), key=lambda row: str(row["delivery_id"] != delivery))
    for row in (aborted, stopped):
        assert (row["state"], row["verdict"]) == ("terminated", "fail")
        assert not has_errors(verify(ours, row["delivery_id"]))
        beams = show(ours, row["delivery_id"])["beams"]
        assert "OPERATOR" in [beam["termination_status"] for beam in beams]


def _kinds(ours: Settings, delivery_id: str) -> list[str]:
    return [event["kind"] for event in show(ours, delivery_id)["events"]]


def _event(heard: Heard) -> str:
    """The kind of an event that is told for the first time."""
    if not heard.topic.endswith("/event") or heard.json["repeat"]:
        return ""
    return str(heard.json["kind"])
