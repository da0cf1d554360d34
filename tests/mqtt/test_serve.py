"""The service with a broker, metrics and JSON logs; a canary where a plan names its patient."""

import json
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from gateway.adapters.store import open_reader
from tests import peers
from tests.mqtt.mosquitto import mosquitto
from tests.mqtt.schemas import valid
from tests.mqtt.subscriber import Heard, Subscriber, said, subscriber
from tests.mqtt.test_no_patient import CANARY, plan_with_canary
from tests.node_service.serving import free_port, service, site_with_node, storescp, storescu
from tests.service.test_monitoring import NAME, expressions

ROOM = "truebeam-m120"


@pytest.mark.peer
def test_what_is_delivered_is_told_and_counted_and_nobody_is_named(tmp_path: Path) -> None:
    peers.program("storescu", "dcmtk")
    back = free_port()
    settings = site_with_node(tmp_path, ROOM, back)
    plan = plan_with_canary(tmp_path)
    with mosquitto(tmp_path / "broker") as broker, subscriber(broker.port) as ear:
        with settings.open("a") as file:
            file.write(f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}"\nsite = "test"\n')
        more = ("--log-format", "json")
        with (
            storescp(tmp_path, back),
            service(tmp_path, settings, ROOM, *more, web=True) as served,
        ):
            assert storescu(served.port, "PLANNER", plan).returncode == 0
            ear.until(lambda one: one.topic.endswith("/event") and one.json["kind"] == "verdict")
            address = urlsplit(served.dashboard)
            metrics = fetched(f"http://{address.netloc}/metrics")
            ready = fetched(f"http://{address.netloc}/readyz")
        ear.until(said("offline"))
    assert '"ok"' in ready
    scraped = set(re.findall(r"^(linac_gateway_\w+)[ {]", metrics, re.MULTILINE))
    named = {name for text, _ in expressions() for name, _ in NAME.findall(text)}
    assert named <= scraped, "what dashboard and alert rules name, the service says"
    assert f'linac_gateway_beams_total{{room="{ROOM}",status="NORMAL"}} 1.0' in metrics
    assert f'linac_gateway_process_up{{process="room",room="{ROOM}"}} 1.0' in metrics
    assert f'linac_gateway_mqtt_connected{{room="{ROOM}"}} 1.0' in metrics
    assert_told(ear, served.store)
    for one in ear.heard:
        assert CANARY not in one.topic
        assert CANARY.encode() not in one.payload
    assert CANARY not in metrics
    log = (tmp_path / "said.log").read_text().splitlines()[1:]
    assert not [line for line in log if CANARY in line]
    assert {json.loads(line)["room"] for line in log} == {ROOM}


def fetched(url: str) -> str:
    with urlopen(url, timeout=60.0) as answer:
        return str(answer.read().decode())


def assert_told(ear: Subscriber, store: Path) -> None:
    """Every event of the record once, in order; the beam's telemetry; its result."""
    with closing(open_reader(store)) as record:
        events = record.events_after(0, 10_000)
    told = ear.of("/event")
    kinds = [(body["sequence"], body["kind"], body["repeat"]) for body in told]
    assert kinds == [(event.sequence, event.kind, False) for event in events]
    (result,) = ear.of("/result")
    assert result["termination_status"] == "NORMAL"
    numbers = [body["sample"] for body in ear.of("/telemetry")]
    assert numbers
    assert numbers == sorted(set(numbers))
    for one in ear.heard:
        valid(schema(one), one.payload)


def schema(one: Heard) -> str:
    """The name of the schema of what is told on a topic."""
    *_, thing, last = one.topic.split("/")
    if last != "state":
        return last
    return "axes-state" if thing in ("gantry", "collimator", "couch", "jaws") else f"{thing}-state"
