"""The ``plan`` command: generated RT Plans."""

from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.app.identity import simulated_epoch_ns
from gateway.configuration.locate import config_roots
from gateway.configuration.machines import load_machine
from gateway.dicom.plan_writer import write_plan
from gateway.dicom.uids import uid_source
from gateway.domain.errors import InputError
from gateway.planning.generate import KINDS, generate
from gateway.settings import Settings


def kinds() -> list[str]:
    """What can be generated."""
    return sorted(KINDS)


def write_generated_plan(
    kind: str, machine_name: str, seed: int, path: Path, settings: Settings
) -> dict[str, Any]:
    """Write a plan and tell what it is. Raises ConfigError, InputError."""
    machine = load_machine(machine_name, config_roots(settings.site))
    plan = generate(kind, machine, seed=seed)
    content = write_plan(
        plan,
        machine,
        uid=uid_source(seed, plan.sop_instance_uid),
        software_version=__version__,
        written_ns=simulated_epoch_ns(plan, 0),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return {
        "file": str(path),
        "kind": kind,
        "machine": machine_name,
        "sop_instance_uid": plan.sop_instance_uid,
        "beams": {
            number: {"name": beam.name, "meterset_mu": beam.meterset_mu}
            for number, beam in plan.beams.items()
        },
    }
