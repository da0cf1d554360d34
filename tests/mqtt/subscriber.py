"""An independent subscriber (paho's own client and thread), which keeps what it hears."""

import json
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho

BOUND_S = 60.0


@dataclass(frozen=True)
class Heard:
    """A message as it came."""

    topic: str
    payload: bytes
    retained: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


class Subscriber:
    """Subscribed to everything, with QoS 1."""

    def __init__(self, client: paho.Client) -> None:
        self.heard: list[Heard] = []
        self._news: queue.Queue[Heard] = queue.Queue()
        self.subscribed = threading.Semaphore(0)
        client.on_connect = lambda *_: client.subscribe("#", 1)
        client.on_subscribe = lambda *_: self.subscribed.release()
        client.on_message = self._on_message

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        heard = Heard(message.topic, message.payload, message.retain)
        self.heard.append(heard)
        self._news.put(heard)

    def until(self, wanted: Callable[[Heard], bool]) -> Heard:
        """Wait for the next message that is wanted."""
        while True:
            heard = self._news.get(timeout=BOUND_S)
            if wanted(heard):
                return heard

    def of(self, end: str) -> list[Any]:
        """The bodies of all messages on topics that end so."""
        return [one.json for one in self.heard if one.topic.endswith(end)]


@contextmanager
def subscriber(
    port: int,
    user: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Subscriber]:
    """Connected and subscribed; it comes back by itself, at once."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="test-subscriber")
    client.reconnect_delay_set(1, 1)
    if user is not None:
        client.username_pw_set(user, password)
    if tls is not None:
        client.tls_set_context(tls)
    one = Subscriber(client)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert one.subscribed.acquire(timeout=BOUND_S)
        yield one
    finally:
        client.disconnect()
        client.loop_stop()


def said(state: str) -> Callable[[Heard], bool]:
    """Whether availability says so."""
    return lambda one: one.topic.endswith("/availability") and one.json["state"] == state
