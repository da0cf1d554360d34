"""The guard's process: the only one that the network reaches."""

import asyncio
import sys
from pathlib import Path

from gateway.adapters.audit.trail import AuditTrail
from gateway.adapters.guard.guard import serve_guard
from gateway.app.node.child_main import run_child, tell, when_input_ends
from gateway.app.node.outbox import NODE_FOLDER
from gateway.configuration.locate import config_roots
from gateway.configuration.nodes import load_node
from gateway.domain.node import Node
from gateway.settings import load_settings


def work(arguments: list[str]) -> None:
    """``STORE CONFIG NODE SOCKET...``."""
    store, config, name, *sockets = arguments
    settings = load_settings(Path(config) if config else None, Path(store))
    node = load_node(name, config_roots(settings.site), pseudonymise=settings.pseudonymise)
    trail = AuditTrail(settings.store / NODE_FOLDER, node.ae_title)
    try:
        asyncio.run(_guard(node, [Path(path) for path in sockets], trail))
    finally:
        trail.close()


async def _guard(node: Node, sockets: list[Path], trail: AuditTrail) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    when_input_ends(lambda: loop.call_soon_threadsafe(stop.set))
    await serve_guard(
        node,
        sockets,
        audit=trail.tell,
        ready=lambda port: tell({"ready": True, "host": node.host, "port": port}),
        stop=stop,
    )


if __name__ == "__main__":
    sys.exit(run_child(work))
