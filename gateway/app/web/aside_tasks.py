"""What is done aside, by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.app.generate import write_generated_plan
from gateway.app.web.curves import error_curves
from gateway.app.web.plan_check import checked_plan
from gateway.domain.errors import InputError
from gateway.settings import Settings


def do_task(settings: Settings, room: str, arguments: Mapping[str, Any]) -> Any:
    """Do a task; JSON. Raises GatewayError."""
    match arguments["task"]:
        case "check":
            return checked_plan(Path(arguments["path"]), settings, room)
        case "generate":
            path = Path(arguments["path"])
            kind, machine, seed = (arguments[name] for name in ("technique", "machine", "seed"))
            return write_generated_plan(kind, machine, seed, path, settings)
        case "curves":
            return error_curves(settings, arguments["delivery_id"], arguments["beam"])
    raise InputError(f"there is no task {arguments['task']}")
