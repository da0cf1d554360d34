"""``python -m tests.web.live_room [PORT]``: the dashboard before a room that tells of arcs.

Nothing is delivered; the token printed may operate.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from gateway.adapters.web.app import web_app
from gateway.adapters.web.server import listening, serve_app
from gateway.app.deliver import deliver
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.app.web.aside import Processes
from gateway.app.web.assembly import Assembled, assemble, web_folder
from gateway.app.web.people import first_person, read_people
from gateway.settings import Settings
from tests.e2e.deliveries import unseen
from tests.web.arc import Arc, arc_room


async def _tell(assembled: Assembled, folder: Path) -> None:
    updates, control = assembled.parts.updates, assembled.parts.control
    run = 0
    while True:
        run += 1
        updates.set_connected(True)
        control.busy, control.by = True, ("operator",)
        arc = Arc(arc_room(), folder, delivery_id=f"D{run:012x}", first_sequence=100 * run)
        async for message in arc.told():
            updates.take(message)
        control.busy, control.by = False, ()
        updates.touch()
        await asyncio.sleep(5.0)


async def _main(assembled: Assembled, folder: Path, port: int, token: str) -> None:
    on = listening("127.0.0.1", port)
    url = f"http://127.0.0.1:{on.getsockname()[1]}/#token={token}"
    async with asyncio.TaskGroup() as group:
        group.create_task(serve_app(web_app(assembled.parts), on, lambda: print(url, flush=True)))
        group.create_task(assembled.parts.updates.run())
        group.create_task(_tell(assembled, folder))


def _record(store: Path) -> None:
    """A delivery that passed, and one that did not."""
    for kind, faults in (("vmat", ()), ("sliding-window", ("leaf-offset:beam=1,bank=X1,leaf=28",))):
        plan = store / f"{kind}.dcm"
        settings = Settings(store=store, operator="operator")
        write_generated_plan(kind, "truebeam-m120", 1, plan, settings)
        deliver(Request(plan=plan, room="truebeam-m120", faults=faults), settings, unseen)


def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        settings = Settings(store=Path(made))
        _record(Path(made))
        token = first_person(web_folder(settings), "operator")
        assert token is not None
        people = read_people(web_folder(settings))
        room = arc_room()
        aside = Processes(settings.store, None, room.name)
        assembled = assemble(settings, room, people, aside, lambda line: print(line, flush=True))
        asyncio.run(_main(assembled, Path(made), port, token))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8480)
