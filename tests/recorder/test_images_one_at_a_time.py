"""Large images of a delivery are in memory one at a time while they are written."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.app import finish as module


class Content:
    """Stands for half a gigabyte."""


def contents(seen: list[str]) -> Iterator[Content]:
    """Makes the next only when the one before is gone."""
    before = None
    for part in ("first", "second", "third"):
        assert before is None or before() is None, f"the one before the {part} is still there"
        seen.append(part)
        content = Content()
        before = weakref.ref(content)
        yield content
        del content


class Store:
    async def keep_file(self, _delivery: str, _name: str, _content: object, _at_ns: int) -> None:
        pass

    async def append(self, *_event: object) -> None:
        pass

    def directory(self, _delivery: str) -> Path:
        return Path()


class Work(module._Work):
    """The work of one beam, without its reports."""

    def __init__(self, *_of: object) -> None:
        beam = SimpleNamespace(beam=SimpleNamespace(number=1))
        self.entry, self.evidence = SimpleNamespace(files=()), ()
        self._context, self._recorded, self.reconciliation = None, [beam], None
        self._logs: dict[int, str] = {}

    def _reports(self):
        return iter(())

    def _verdict_text(self):
        return None


def test_an_image_is_gone_before_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(module, "_Work", Work)
    monkeypatch.setattr(module, "_images", lambda *_of: contents(seen))
    for name in ("keep_logs", "discard_spool", "_verdict", "treatment_record"):
        monkeypatch.setattr(module, name, lambda *_of: None)
    for name in ("verdict_document", "delivery_summary", "findings_of", "image_counts"):
        monkeypatch.setattr(module, name, lambda *_of: None)
    module.finish(Store(), "one", None, SimpleNamespace(now_ns=lambda: 0))
    assert seen == ["first", "second", "third"]
