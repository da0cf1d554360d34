"""What mosquitto and an independent subscriber hear."""

import asyncio
from pathlib import Path

import pytest

from gateway.adapters.mqtt.address import Credentials, broker_at
from gateway.domain.axes import Axis
from gateway.domain.delivery import FrameKind
from gateway.formats.live_feed import LiveBeam, LiveCouch, LiveEvent, LiveFrame, LiveLink
from gateway.ports.observer import KeptFrame
from tests.mqtt.cable import cable
from tests.mqtt.mosquitto import hashed, mosquitto
from tests.mqtt.scene import ENDED, TOPICS, live_sample, telling
from tests.mqtt.subscriber import Heard, said, subscriber
from tests.node_service.waiting import until
from tests.outbox.certificates import authority

pytestmark = pytest.mark.peer
FRAME = KeptFrame(2, 3, FrameKind.CINE, Path("frames.u16"), 8, 4, 5, 0.5, 1.5, 0.01, 0)


@pytest.mark.parametrize(
    "seconds", [30, pytest.param(600, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
async def test_no_sample_of_a_50_hz_beam_is_lost(tmp_path: Path, seconds: int) -> None:
    """In real time, five samples every 100 ms as the room's process tells them."""
    wanted = seconds * 50
    loop = asyncio.get_running_loop()
    with mosquitto(tmp_path) as broker, subscriber(broker.port) as ear:
        async with telling(tmp_path, broker.port) as scene:
            await until(lambda: scene.publisher.counts.connected)
            began_s = loop.time()
            for number in range(wanted):
                if number % 5 == 0:
                    await asyncio.sleep(max(began_s + number * 0.02 - loop.time(), 0.0))
                scene.now.note(live_sample(number))
            last = wanted - 1
            await asyncio.to_thread(ear.until, lambda one: _sample(one) == last)
    assert [body["sample"] for body in ear.of("/telemetry")] == list(range(wanted))
    assert ear.of("/telemetry")[-1]["dropped"] == 0


def _sample(heard: Heard) -> int | None:
    return int(heard.json["sample"]) if heard.topic.endswith("/telemetry") else None


async def test_states_are_kept_for_whoever_comes_later(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        async with telling(tmp_path, broker.port) as scene:
            scene.now.feed(connected=True)
            scene.now.note(LiveLink("couch", "ready"))
            scene.now.note(LiveEvent(1, "D-1", "intent", 0))
            scene.now.note(LiveBeam(1, "Phantom^EPID", 0.0, 20.0, 10.0, 600.0))
            scene.now.note(LiveCouch({Axis.COUCH_LATERAL: -1.25}, moving=True))
            scene.now.note(LiveFrame(FRAME))
            scene.now.note(live_sample(7))
            await until(lambda: scene.publisher.counts.states >= 8)
            with subscriber(broker.port) as ear:
                await until(lambda: len(ear.heard) >= 9)
        with subscriber(broker.port) as after:
            await until(lambda: len(after.heard) >= 9)
    assert all(one.retained for one in (*ear.heard, *after.heard))
    states = {one.topic.removeprefix(TOPICS.base + "/"): one.json for one in ear.heard}
    assert states["availability"] == {"v": 1, "state": "online"}
    assert states["gantry/state"]["axes"] == {"gantry_deg": 0.007}
    assert states["gantry/state"]["planned"] == {"gantry_deg": 0.008}
    assert states["collimator/state"]["axes"] == {"collimator_deg": 0.017}
    assert states["couch/state"]["axes"] == {"couch_rotation_deg": 0.027, "couch_lateral_mm": -1.25}
    assert states["couch/state"]["moving"]
    assert list(states["jaws/state"]["axes"]) == ["x1_mm", "x2_mm", "y1_mm", "y2_mm"]
    assert len(states["mlc/state"]["actual"]["MLCX"]["x2_mm"]) == 60
    assert states["epid/state"] | {"at": ""} == {
        "v": 1, "at": "", "beam": 2, "frame": 3, "kind": "cine", "rows": 4, "columns": 5,
        "start_meterset_mu": 0.5, "end_meterset_mu": 1.5, "saturated_pixels": 0,
    }  # fmt: skip
    assert states["beam/state"]["end_meterset_mu"] == 20.0
    assert states["room/state"] | {"at": ""} == {
        "v": 1, "at": "", "room": "bench", "simulated": True, "feed": "connected",
        "links": {"couch": "ready"}, "delivery_id": "D-1",
    }  # fmt: skip
    gone = {one.topic: one.json for one in after.heard}
    assert gone[TOPICS.availability] == {"v": 1, "state": "offline"}


async def test_the_last_will_tells_that_nobody_tells_any_more(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, subscriber(broker.port) as ear:
        async with cable(broker.port) as (line, port), telling(tmp_path, port):
            await asyncio.to_thread(ear.until, said("online"))
            line.cut()
            await asyncio.to_thread(ear.until, said("offline"))


async def test_events_alarms_and_results_come_in_order(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, subscriber(broker.port) as ear:
        async with telling(tmp_path, broker.port) as scene:
            scene.append("beam-on", beam=1)
            scene.append("beam-end", **ENDED)
            scene.append("end", outcome="terminated", reason="")
            await scene.acknowledged(3)
            await asyncio.to_thread(ear.until, lambda one: one.json.get("sequence") == 3)
    mine = [one for one in ear.heard if "sequence" in one.json]
    assert [one.topic.removeprefix(TOPICS.base + "/") for one in mine] == [
        "event", "alarm", "beam/D-1/1/result", "event", "event",
    ]  # fmt: skip
    assert [one.json["sequence"] for one in mine] == [1, 2, 2, 2, 3]
    assert not any(one.json["repeat"] or one.retained for one in mine)


async def test_tls_with_user_and_password(tmp_path: Path) -> None:
    issuer = authority(tmp_path)
    site = issuer.tls("localhost")
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    (tmp_path / "users").write_text(hashed("gateway", "correct horse"))
    more = (
        f"cafile {site.authorities}\ncertfile {site.certificate}\nkeyfile {site.key}\n"
        f"password_file {tmp_path}/users\n"
    )
    trusted = Credentials("gateway", password, authorities=site.authorities)
    with mosquitto(tmp_path / "broker", anonymous=False, more=more) as broker:
        url = f"mqtts://localhost:{broker.port}"
        where, _ = await asyncio.to_thread(broker_at, url, trusted, "tls")
        async with telling(tmp_path, where) as scene:
            scene.append("beam-on", beam=1)
            await scene.acknowledged(1)
        stranger, _ = await asyncio.to_thread(broker_at, url, Credentials(), "stranger")
        nobody, _ = await asyncio.to_thread(
            broker_at, url, Credentials(authorities=site.authorities), "nobody"
        )
        wrong = tmp_path / "wrong"
        wrong.write_text("correct hose\n")
        wrong.chmod(0o600)
        guessing = Credentials("gateway", wrong, authorities=site.authorities)
        guesser, _ = await asyncio.to_thread(broker_at, url, guessing, "guesser")
        for refused in (stranger, nobody, guesser):
            async with telling(tmp_path / "refused", refused) as scene:
                await until(lambda scene=scene: scene.publisher.counts.failures >= 2)
                assert scene.publisher.counts.connections == 0
