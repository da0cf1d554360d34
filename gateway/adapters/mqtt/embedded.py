"""A broker of our own on the loopback interface, for a demonstration: amqtt, an extra."""

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from importlib import import_module
from typing import Any

from gateway.domain.errors import ConfigError

_PLUGINS: dict[str, Any] = {
    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
}


@asynccontextmanager
async def embedded_broker(host: str, port: int) -> AsyncIterator[int]:
    """Runs while the block does; gives the port, which is any free one for 0. Raises ConfigError.

    It keeps nothing: what is retained ends with it.
    """
    try:
        amqtt = import_module("amqtt.broker")
        errors = import_module("amqtt.errors")
    except ImportError as error:
        text = "MQTT: embedded: needs the extra `broker` (pip install 'linac-gateway[broker]')"
        raise ConfigError(text) from error
    logging.getLogger("amqtt").setLevel(logging.WARNING)
    logging.getLogger("transitions").setLevel(logging.WARNING)
    port = port or _free_port(host)
    listener = {"type": "tcp", "bind": f"{host}:{port}"}
    broker = amqtt.Broker({"listeners": {"default": listener}, "plugins": _PLUGINS})
    try:
        await broker.start()
    except (errors.BrokerError, OSError) as error:
        raise ConfigError(f"MQTT: embedded:{port}: no broker can listen there: {error}") from error
    try:
        yield port
    finally:
        await broker.shutdown()


def _free_port(host: str) -> int:
    with closing(socket.create_server((host, 0))) as server:
        return int(server.getsockname()[1])
