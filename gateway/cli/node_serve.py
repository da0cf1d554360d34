"""The ``serve`` command."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.options import parse_speed
from gateway.logs import FORMAT, ROOM, start_logging

if TYPE_CHECKING:
    from gateway.settings import Settings

PSEUDONYMISE = "LINAC_GATEWAY_PSEUDONYMISE"


def run_serve(
    room: str,
    node: str,
    speed: str | None,
    settings: "Settings",
    *,
    config: Path | None,
    pseudonymise: bool,
    web: bool,
    permit: frozenset[str],
    log_format: str | None,
    as_json: bool,
) -> None:
    """Serve until SIGINT or SIGTERM; ``pseudonymise`` holds for every process of the service."""
    from gateway.app.node.serve import ServeRequest, serve

    if pseudonymise:
        os.environ[PSEUDONYMISE] = "true"  # the processes that it starts read it there
        settings = settings.model_copy(update={"pseudonymise": True})
    factor = parse_speed(speed)
    own = "" if factor is None else str(factor)
    request = ServeRequest(room, node, config, own, web, permit)
    _log_as(log_format or settings.log_format, room)

    def ready(value: Mapping[str, Any]) -> None:
        text = (
            f"ready room={value['room']} ae_title={value['ae_title']} "
            f"dicom={value['host']}:{value['port']}"
        )
        text += f"\ndashboard {value['url']}" if "url" in value else ""
        sys.stdout.write((json.dumps(value) if as_json else text) + "\n")
        sys.stdout.flush()

    asyncio.run(serve(request, settings, ready))


def _log_as(wanted: str | None, room: str) -> None:
    """How this process logs, and those that it starts."""
    os.environ[ROOM] = room
    if wanted is not None:
        os.environ[FORMAT] = wanted
    start_logging("serve")
    logging.getLogger("gateway").setLevel(logging.INFO)
