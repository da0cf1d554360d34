"""The whole service, operated over its HTTP API as a program would."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.node_service.serving import Service, service

PATIENT_S = 120.0


@dataclass(frozen=True)
class Operated:
    """A running service, and somebody who may operate it."""

    service: Service
    client: httpx.AsyncClient
    port: int

    async def armed(self, plan: Path, beams: Sequence[int], cine_fps: float) -> str:
        """Bring a plan, propose some of its beams, arm them; the item."""
        content = await asyncio.to_thread(plan.read_bytes)
        added = await self.post("/plans", content=content)
        wanted = {"plan_id": added["plan_id"], "beams": list(beams), "cine_fps": cine_fps}
        one = await self.post("/queue", wanted)
        code = {"armed_step": one["arming_code"]}
        armed = await self.post(f"/queue/{one['item']}/arm", code)
        assert armed["state"] == "armed"
        return str(one["item"])

    async def begun(self, item: str) -> None:
        """Deliver what is armed."""
        await self.post(f"/queue/{item}/deliver")

    async def delivered(self, item: str) -> str:
        """Wait until it was judged; the delivery's id."""
        never = asyncio.Event()
        while (found := await self.get(f"/queue/{item}"))["state"] in ("armed", "delivering"):
            await asyncio.wait((asyncio.ensure_future(_for_a_moment(never)),))
        assert found["state"] == "delivered", found["reason"]
        return str(found["delivery_id"])

    async def get(self, path: str) -> Any:
        """JSON of the API."""
        answer = await self.client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(
        self, path: str, body: Mapping[str, Any] | None = None, content: bytes | None = None
    ) -> Any:
        """A command, each address once; a file is a plan."""
        headers = {"Idempotency-Key": path.replace("/", "-")}
        if content is not None:
            headers["Content-Type"] = "application/dicom"
        answer = await self.client.post(
            f"/api/v1{path}", json=body, content=content, headers=headers
        )
        assert answer.status_code < 300, answer.text
        return answer.json()


@asynccontextmanager
async def operated(folder: Path, settings: Path, room: str) -> AsyncIterator[Operated]:
    """Serve ``room`` in real time until the block ends."""
    running = service(folder, settings, room, web=True)
    served = await asyncio.to_thread(running.__enter__)
    try:
        url = urlsplit(served.dashboard)
        assert url.port is not None
        headers = {"Authorization": f"Bearer {url.fragment.removeprefix('token=')}"}
        base = f"http://127.0.0.1:{url.port}"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=PATIENT_S) as client:
            yield Operated(served, client, url.port)
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)


async def _for_a_moment(never: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(0.2):
            await never.wait()
    except TimeoutError:
        return
