"""Judging received objects: in the limited process, and what its answers mean."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.adapters.sandbox import OutOfBounds, Sandbox
from gateway.domain.errors import StoreError
from gateway.domain.findings import Finding, Severity, error
from gateway.domain.node import Peer, Policy

INCOMING = "incoming"
OUT_OF_BOUNDS = "decode-limit"

Judge = Callable[[Peer, bytes, memoryview], tuple[Finding, ...]]


def judge_by(sandbox: Sandbox, root: Path) -> Judge:
    """Judges an object that is not on disk yet; ``root`` is the node's folder."""
    folder = root / INCOMING

    def judge(peer: Peer, head: bytes, dataset: memoryview) -> tuple[Finding, ...]:
        room = peer.room if peer.policy is Policy.DELIVER else ""
        with _written(folder, (head, dataset)) as path:
            return judged(sandbox, path, room)

    return judge


def judged(sandbox: Sandbox, path: Path, room: str) -> tuple[Finding, ...]:
    """The findings of a file; of a plan that is to be delivered in ``room`` (or "") those too."""
    try:
        answer = sandbox.ask({"path": str(path), "room": room})
    except OutOfBounds as spent:
        return (error(OUT_OF_BOUNDS, "", str(spent)),)
    if "exceeded" in answer:
        return (error(OUT_OF_BOUNDS, "", str(answer["exceeded"])),)
    return tuple(_finding(row) for row in answer["findings"])


def finding_rows(findings: tuple[Finding, ...]) -> list[list[str]]:
    """Findings as the limited process tells them."""
    return [[f.severity.value, f.rule, f.path, f.message, f.clause] for f in findings]


def _finding(row: Any) -> Finding:
    severity, rule, path, message, clause = row
    return Finding(Severity(severity), str(rule), str(path), str(message), str(clause))


class _written:  # noqa: N801 - reads as what it does
    """A file of some bytes, for as long as the block runs."""

    def __init__(self, folder: Path, parts: tuple[bytes | memoryview, ...]) -> None:
        self._folder = folder
        self._parts = parts
        self._path = Path()

    def __enter__(self) -> Path:
        """Write it. Raises StoreError."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".dcm")
            with os.fdopen(descriptor, "wb") as file:
                for part in self._parts:
                    file.write(part)
        except OSError as problem:
            raise StoreError(f"{self._folder}: {problem.strerror}") from problem
        self._path = Path(name)
        return self._path

    def __exit__(self, *_reason: object) -> None:
        """Remove it."""
        self._path.unlink(missing_ok=True)
