"""The web's process as ``serve`` starts it, on a free port."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gateway.app.node.children import Child

MODULE = "gateway.app.web.web_process"
SETTINGS = """
operator = "operator"
[web]
port = 0
"""


@dataclass
class WebProcess:
    """A running one; ``said`` is what it told after it was ready."""

    child: Child
    port: int
    token: str
    feed: Path
    said: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def web_process(
    store: Path, room: str = "truebeam-m120", settings: str = SETTINGS
) -> AsyncIterator[WebProcess]:
    with TemporaryDirectory(prefix="lg-") as made:  # a socket's path has a hundred bytes
        config, feed = Path(made) / "settings.toml", Path(made) / "live-web"
        await asyncio.to_thread(config.write_text, settings)
        said: list[Mapping[str, Any]] = []
        child = Child("web", MODULE, (str(store), str(config), room, str(feed)), said.append)
        await child.start()
        try:
            url = child.ready["url"]
            token = url.partition("#token=")[2]
            yield WebProcess(child, child.ready["port"], token, feed, said)
        finally:
            await child.stop()
