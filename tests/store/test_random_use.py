"""A store used in any way, left in any way: verify is clean and nothing acknowledged is lost."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.adapters.store import StoreWriter, open_reader, open_store
from gateway.ports.store import Json
from tests.store.builders import errors_of, sha256_of
from tests.store.disk import CrashImage, watched

T = TypeVar("T")

IDS = st.sampled_from(["a", "b", "c"])
NAMES = st.sampled_from(["plan.dcm", "report.html"])
BODIES = st.dictionaries(
    st.text(max_size=5),
    st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    max_size=3,
)


class StoreInUse(RuleBasedStateMachine):
    """The model: what was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._lives = 0
        self._root = Path(self._folder.name, "0")
        self._store: StoreWriter = open_store(self._root)
        self._events: list[tuple[str, str, str]] = []
        self._samples: dict[str, bytes] = {}
        self._files: dict[tuple[str, str], bytes] = {}

    @rule(delivery=IDS, body=BODIES)
    def append(self, delivery: str, body: dict[str, Json]) -> None:
        self._run(self._store.append(delivery, "note", body, 1))
        self._events.append((delivery, "note", json.dumps(body, sort_keys=True)))

    @rule(delivery=IDS, rows=st.binary(max_size=50))
    def append_samples(self, delivery: str, rows: bytes) -> None:
        self._run(self._store.append_samples(delivery, 1, rows, 1))
        self._samples[delivery] = self._samples.get(delivery, b"") + rows

    @rule(delivery=IDS, name=NAMES, content=st.binary(max_size=50))
    def keep_file(self, delivery: str, name: str, content: bytes) -> None:
        self._run(self._store.keep_file(delivery, name, content, 1))
        self._remember_file(delivery, name, content)

    @rule()
    def reopen(self) -> None:
        self._store.close()
        self._store = open_store(self._root)

    @rule(delivery=IDS, name=NAMES, content=st.binary(max_size=50), point=st.integers(1, 16))
    def die_while_keeping_a_file(
        self, delivery: str, name: str, content: bytes, point: int
    ) -> None:
        """The next life finds the disk as it was at some point of the write."""
        image = Path(self._folder.name, str(self._lives + 1))
        crash = CrashImage(point, self._root, image)
        with watched(self._store, crash):
            self._run(self._store.keep_file(delivery, name, content, 1))
        self._store.close()
        if crash.taken:
            self._check_readable(image)
            self._lives += 1
            self._root = image
        self._store = open_store(self._root)
        if len(self._store.events(delivery)) > sum(key[0] == delivery for key in self._events):
            self._remember_file(delivery, name, content)

    @invariant()
    def verify_is_clean(self) -> None:
        for delivery in ("a", "b", "c"):
            assert errors_of(self._store.verify(delivery)) == []

    @invariant()
    def everything_acknowledged_is_there(self) -> None:
        events = [event for key in "abc" for event in self._store.events(key)]
        events.sort(key=lambda event: event.sequence)
        assert [event.sequence for event in events] == list(range(1, len(self._events) + 1))
        assert [
            (event.delivery_id, event.kind, json.dumps(event.body, sort_keys=True))
            for event in events
        ] == self._events
        for delivery, rows in self._samples.items():
            assert self._store.samples(delivery, 1) == rows
        for (delivery, name), content in self._files.items():
            assert (self._store.directory(delivery) / name).read_bytes() == content

    def teardown(self) -> None:
        self._store.close()
        self._folder.cleanup()

    def _remember_file(self, delivery: str, name: str, content: bytes) -> None:
        body = {"name": name, "sha256": sha256_of(content), "size": len(content)}
        self._events.append((delivery, "file", json.dumps(body, sort_keys=True)))
        self._files[delivery, name] = content

    def _check_readable(self, image: Path) -> None:
        """Also before a writer has been there."""
        reader = open_reader(image)
        for delivery in ("a", "b", "c"):
            assert errors_of(reader.verify(delivery)) == []
        reader.close()

    @staticmethod
    def _run(write: Awaitable[T]) -> T:
        async def main() -> T:
            return await write

        return asyncio.run(main())


TestStoreInUse = pytest.mark.timeout(120)(StoreInUse.TestCase)
TestStoreInUse.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
