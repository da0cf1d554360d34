"""Decoding for other ends than judging: in the limited process too."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gateway.adapters.nodestore.objects import Arrival
from gateway.adapters.sandbox import OutOfBounds, Sandbox
from gateway.app.node.judging import INCOMING, written
from gateway.domain.errors import InputError


def compare_by(sandbox: Sandbox, root: Path) -> Callable[[Path, Arrival], bool]:
    """Tells whether a file holds what arrived; ``root`` is the node's folder."""

    def compare(path: Path, arrival: Arrival) -> bool:
        with written(root / INCOMING, (arrival.head, arrival.dataset)) as came:
            try:
                return bool(sandbox.ask({"compare": [str(path), str(came)]}).get("same"))
            except OutOfBounds:
                return False

    return compare


def transcode_by(
    sandbox: Sandbox, root: Path
) -> Callable[[Path, str], AbstractContextManager[Path]]:
    """Makes a file of an object in another transfer syntax, for as long as the block runs."""

    @contextmanager
    def transcode(path: Path, transfer_syntax_uid: str) -> Iterator[Path]:
        with written(root / INCOMING, ()) as made:
            question = {"transcode": str(path), "to": transfer_syntax_uid, "into": str(made)}
            try:
                answer = sandbox.ask(question)
            except OutOfBounds as spent:
                raise InputError(str(spent)) from spent
            if "done" not in answer:
                raise InputError(str(answer.get("failed") or answer.get("exceeded")))
            yield made

    return transcode
