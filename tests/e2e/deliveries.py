"""Deliveries inside the test's own process, on simulated time."""

from collections.abc import Sequence
from pathlib import Path

from gateway.app.deliver import deliver
from gateway.app.finish import Finished
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.settings import Settings


def unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches."""


def settings(folder: Path) -> Settings:
    """Settings with a store of their own."""
    return Settings(store=folder / "store", operator="tester")


def generated(folder: Path, kind: str, machine: str = "truebeam-m120", seed: int = 1) -> Path:
    """A generated plan on disk."""
    path = folder / f"{kind}-{machine}-{seed}.dcm"
    write_generated_plan(kind, machine, seed, path, settings(folder))
    return path


def delivered(
    folder: Path, plan: Path, *, faults: Sequence[str] = (), **wishes: object
) -> Finished:
    """Deliver ``plan`` with a fixed seed into ``folder``'s store."""
    request = Request(plan=plan, faults=tuple(faults), **{"seed": 11, **wishes})  # type: ignore[arg-type]
    return deliver(request, settings(folder), unseen)
