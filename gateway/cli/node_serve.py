"""The ``serve`` command."""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.options import parse_speed

if TYPE_CHECKING:
    from gateway.settings import Settings


def run_serve(
    room: str,
    node: str,
    speed: str | None,
    settings: "Settings",
    *,
    config: Path | None,
    as_json: bool,
) -> None:
    """Serve until SIGINT or SIGTERM."""
    from gateway.app.node.serve import ServeRequest, serve

    factor = parse_speed(speed)
    request = ServeRequest(room, node, config, "" if factor is None else str(factor))
    logging.getLogger("gateway").setLevel(logging.INFO)

    def ready(value: Mapping[str, Any]) -> None:
        text = (
            f"ready room={value['room']} ae_title={value['ae_title']} "
            f"dicom={value['host']}:{value['port']}"
        )
        sys.stdout.write((json.dumps(value) if as_json else text) + "\n")
        sys.stdout.flush()

    asyncio.run(serve(request, settings, ready))
