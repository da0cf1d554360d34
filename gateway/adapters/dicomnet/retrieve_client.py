"""Query and retrieval as SCU: objects come to this node's own storage (PS3.4 C.4; RO-59, RO-61)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset

from gateway.adapters.dicomnet.associate import (
    Requested,
    answered,
    association,
    require_context,
    who,
)
from gateway.adapters.dicomnet.identifiers import attributes_of, dataset_of
from gateway.adapters.dicomnet.responses import refused
from gateway.adapters.nodestore.matching import Attributes
from gateway.dicom.sop_classes import STUDY_ROOT_FIND, STUDY_ROOT_MOVE
from gateway.dicom.ups.retrieval import retrieval_identifier
from gateway.dicom.ups.statuses import GENERAL_FAILURES, PENDING, SUCCESS
from gateway.domain.errors import RemoteProtocolError
from gateway.domain.node import Node, Peer
from gateway.domain.worklist import Input

REPLY_S = 120.0
"""A sub-operation may take its time: a response comes after each."""
SUB_OPERATIONS_FAILED = 0xB000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a C-MOVE came to: counts of sub-operations, and the SOP Instance UIDs that failed."""

    completed: int
    failed: int
    warnings: int
    failed_uids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.completed} moved, {self.warnings} with warnings, {self.failed} failed"


def move(node: Node, peer: Peer, source: Input, reply_s: float = REPLY_S) -> Moved:
    """Have ``peer`` send an input to this node: its instances, or without any all of its series.

    Blocks until the last is stored or has failed: ``Moved`` says which. Raises ConnectFailed,
    LinkLost, ConfigError, RemoteProtocolError, and StepRefused for a status that refuses it all.
    """
    request = "to send objects here"
    with association(node, peer, (Requested(STUDY_ROOT_MOVE),), reply_s=reply_s) as opened:
        require_context(opened, peer, STUDY_ROOT_MOVE, "Study Root retrieval")
        identifier = retrieval_identifier(source)
        for status, told in opened.send_c_move(identifier, node.ae_title, STUDY_ROOT_MOVE):
            code = answered(peer, status, request)
            if code in PENDING:
                continue
            if code not in (SUCCESS, SUB_OPERATIONS_FAILED):
                raise refused(peer, status, request, GENERAL_FAILURES)
            moved = _moved(status, told)
            _log.info("%s: %s", who(peer), moved)
            return moved
    raise RemoteProtocolError(f"{who(peer)} never said that it has sent all objects")


def find(
    node: Node, peer: Peer, keys: Attributes, reply_s: float = REPLY_S
) -> Sequence[Attributes]:
    """What matches ``keys`` at their level of the Study Root model, as DICOM JSON.

    Blocks. Raises as :func:`move`, and InputError for an answer that cannot be read.
    """
    request = "the query"
    found: list[Attributes] = []
    with association(node, peer, (Requested(STUDY_ROOT_FIND),), reply_s=reply_s) as opened:
        require_context(opened, peer, STUDY_ROOT_FIND, "Study Root query")
        for status, answer in opened.send_c_find(dataset_of(keys), STUDY_ROOT_FIND):
            code = answered(peer, status, request)
            if code == SUCCESS:
                return found
            if code not in PENDING:
                raise refused(peer, status, request, GENERAL_FAILURES)
            found.append(_attributes(answer))
    raise RemoteProtocolError(f"{who(peer)} never said that it has told all matches")


def _attributes(answer: Dataset | None) -> Attributes:
    return attributes_of(lambda: answer if answer is not None else Dataset())


def _moved(status: Dataset, told: Dataset | None) -> Moved:
    failed = told.get("FailedSOPInstanceUIDList") if told is not None else None
    uids = [failed] if isinstance(failed, str) else list(failed or ())
    return Moved(
        completed=int(status.get("NumberOfCompletedSuboperations") or 0),
        failed=int(status.get("NumberOfFailedSuboperations") or 0),
        warnings=int(status.get("NumberOfWarningSuboperations") or 0),
        failed_uids=tuple(map(str, uids)),
    )
