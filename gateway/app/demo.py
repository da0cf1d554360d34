"""The ``demo`` command: a generated arc plan, delivered on the embedded defaults."""

from dataclasses import replace
from pathlib import Path

from gateway.app.deliver import deliver
from gateway.app.finish import Finished
from gateway.app.generate import write_generated_plan
from gateway.app.identity import fresh_seed
from gateway.app.request import Progress, Request
from gateway.settings import Settings

KIND = "vmat"
MACHINE = "truebeam-m120"


def run_demo(
    settings: Settings, store: Path | None, seed: int | None, out: Path | None, progress: Progress
) -> Finished:
    """Deliver a new plan in the demo's own store. Raises what ``deliver`` raises."""
    seed = fresh_seed() if seed is None else seed
    root = settings.store / "demo" if store is None else store
    own = settings.model_copy(update={"store": root})
    plan = root / "plans" / f"{KIND}-{seed}.dcm"
    write_generated_plan(KIND, MACHINE, seed, plan, own)
    request = Request(plan=plan, room=MACHINE, seed=seed)
    return deliver(replace(request, out=out), own, progress)
