"""Judging received objects: in the limited process, and what its answers mean."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.adapters.nodestore.contents import Content, IncomingContent, chunks_of
from gateway.adapters.nodestore.disk import told
from gateway.adapters.sandbox import OutOfBounds, Sandbox
from gateway.domain.findings import Finding, Severity, error
from gateway.domain.node import Limits, Peer, Policy

INCOMING = "incoming"
JUDGING = "gateway.app.node.judging_process"
OUT_OF_BOUNDS = "decode-limit"

Judge = Callable[[Peer, bytes, Content], tuple[Finding, ...]]


def forget_incoming(root: Path) -> None:
    """Remove what was being judged when the node ended; only when nobody judges."""
    for left in (root / INCOMING).glob("*.dcm"):
        left.unlink(missing_ok=True)


def judging_sandbox(store: str, config: str, limits: Limits) -> Sandbox:
    """The limited process that judges for a node with these ``limits``."""
    return Sandbox(
        JUDGING,
        (store, config, str(limits.inflated_bytes), str(limits.pixels)),
        limits.decode_memory_bytes,
        limits.decode_s,
    )


def judge_by(sandbox: Sandbox, root: Path, served: str) -> Judge:
    """Judges an object that is not on disk yet; ``root`` is the node's folder.

    ``served`` is the room that the service delivers in.
    """
    folder = root / INCOMING

    def judge(peer: Peer, head: bytes, dataset: Content) -> tuple[Finding, ...]:
        room = peer.room if peer.policy is Policy.DELIVER else ""
        with written(folder, (head, dataset)) as path:
            return judged(sandbox, path, room, served)

    return judge


def judged(sandbox: Sandbox, path: Path, room: str = "", served: str = "") -> tuple[Finding, ...]:
    """The findings of a file; of a plan that is to be delivered in ``room`` (or "") those too."""
    try:
        answer = sandbox.ask({"path": str(path), "room": room, "served": served})
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


@contextmanager
def written(folder: Path, parts: Sequence[Content]) -> Iterator[Path]:
    """A file of some bytes, for as long as the block runs. Raises StoreError, DiskFull.

    What comes into such a file already is that.
    """
    if len(parts) == 2 and isinstance(parts[1], IncomingContent) and parts[1].head == parts[0]:
        yield parts[1].file.named()
        return
    with told(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder, suffix=".dcm")
    path = Path(name)
    try:
        with told(folder), os.fdopen(descriptor, "wb") as file:
            for part in parts:
                for chunk in chunks_of(part):
                    file.write(chunk)
        yield path
    finally:
        path.unlink(missing_ok=True)
