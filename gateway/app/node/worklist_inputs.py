"""Inputs of a scheduled treatment: retrieved into the node's store, used once they are valid."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.adapters.dicomnet.retrieve_client import Moved, move
from gateway.adapters.nodestore.objects import Objects, State, StoredObject
from gateway.domain.errors import ConfigError, GatewayError, InputError
from gateway.domain.node import Node, Peer
from gateway.domain.worklist import Input, Reference

JUDGED_S = 30.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class RetrievedInputs:
    """Objects come from wherever the work item says, by C-MOVE to this node.

    ``judged_s`` bounds the wait until what came is validated.
    """

    node: Node
    objects: Objects
    move: Callable[[Node, Peer, Input], Moved] = move
    judged_s: float = JUDGED_S
    _closing: threading.Event = field(default_factory=threading.Event)

    def retrieve(self, sources: Sequence[Input]) -> None:
        """Retrieve what is not here yet.

        Raises ConfigError for a source that is no peer, LinkError, ProtocolError, StepRefused, and
        InputError where objects do not arrive.
        """
        for source in sources:
            if not all(self.objects.get(one.sop_instance_uid) for one in source.references):
                self._retrieve(source)

    def file(self, reference: Reference) -> Path:
        """The file of an object, once it is judged. Raises InputError where it cannot be used."""
        held = self._judged(reference)
        name = f"object {reference.sop_instance_uid}"
        if held is None:
            raise InputError(f"{name} did not arrive")
        if held.state is State.RECEIVED:
            raise InputError(f"{name} was not validated in {self.judged_s:g} s")
        if held.state is not State.VALID:
            raise InputError(f"{name} is {held.state}, and is not used")
        if held.sop_class_uid != reference.sop_class_uid:
            raise InputError(f"{name} is of another SOP class than the work item says")
        return held.path

    def close(self) -> None:
        """Wait for nothing any more."""
        self._closing.set()

    def _retrieve(self, source: Input) -> None:
        if not source.retrieve_aes:
            raise InputError("the work item does not say where an input is retrieved from")
        failures: list[GatewayError] = []
        for ae_title in source.retrieve_aes:
            try:
                self._move_from(ae_title, source)
            except GatewayError as failure:
                failures.append(failure)
            else:
                return
        raise failures[-1]

    def _move_from(self, ae_title: str, source: Input) -> None:
        peer = self.node.peers.get(ae_title)
        if peer is None:
            raise ConfigError(
                f"an input is to be retrieved from {ae_title}, which is no peer of {self.node.name}"
            )
        moved = self.move(self.node, peer, source)
        missing = [
            one.sop_instance_uid
            for one in source.references
            if self.objects.get(one.sop_instance_uid) is None
        ]
        if missing:
            raise InputError(
                f"{ae_title}: {len(missing)} of {len(source.references)} inputs did not arrive "
                f"({moved})"
            )

    def _judged(self, reference: Reference) -> StoredObject | None:
        polls = round(self.judged_s / POLL_S)
        for _ in range(polls):
            held = self.objects.get(reference.sop_instance_uid)
            if held is None or held.state is not State.RECEIVED or self._closing.wait(POLL_S):
                return held
        return self.objects.get(reference.sop_instance_uid)
