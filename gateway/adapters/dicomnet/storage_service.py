"""Verification and Storage SCP (PS3.4 A, B): success means that the object is on disk and filed."""

import io
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, cast

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE

from gateway.adapters.dicomnet.incoming import front, received
from gateway.adapters.dicomnet.service import Context, Handler, Service
from gateway.adapters.dicomnet.statuses import (
    DATA_SET_DOES_NOT_MATCH,
    NOT_AUTHORISED,
    SUCCESS,
    failure,
)
from gateway.adapters.dicomnet.store_status import DUPLICATE_INSTANCE
from gateway.adapters.nodestore.contents import Content
from gateway.adapters.nodestore.disk import DiskFull
from gateway.adapters.nodestore.files import ObjectFiles
from gateway.adapters.nodestore.objects import Arrival, Kept, Objects, State
from gateway.dicom.object_file import file_head
from gateway.dicom.object_header import ObjectHeader, is_identifier, read_header
from gateway.dicom.sop_classes import RT_PLAN, STORAGE, UNCOMPRESSED, VERIFICATION
from gateway.domain.errors import InputError, StoreError
from gateway.domain.findings import Finding, Severity, has_errors
from gateway.domain.node import Node, Peer, Policy

OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
REFUSED_BY_VALIDATION = 0xC100
STATUSES = {
    SUCCESS: "The object is on disk and filed; or the same object was, already",
    DUPLICATE_INSTANCE: "Another object is stored under this SOP Instance UID",
    NOT_AUTHORISED: "This peer may not store here",
    OUT_OF_RESOURCES: "No space on disk, or the disk fails",
    DATA_SET_DOES_NOT_MATCH: "SOP class or instance of the data set differ from the request's",
    CANNOT_UNDERSTAND: "The data set cannot be decoded, or lacks a UID to file it under",
    REFUSED_BY_VALIDATION: "Validation found an error, or the plan cannot be delivered",
}
"""PS3.4 table B.2-1, PS3.7 annex C; with each, but success, Error Comment says why, and Offending
Element which attribute, where it is one."""

Judge = Callable[[Peer, bytes, Content], tuple[Finding, ...]]
"""(peer, file head, data set) -> findings; may take as long as the limits allow."""

Deliver = Callable[[str, Peer, int], None]
"""(SOP Instance UID, peer, now) -> the plan is queued for the peer's room, durably, and once."""

_log = logging.getLogger(__name__)


def verification_service() -> Service:
    """C-ECHO."""
    handlers: dict[tuple[str, str], Handler] = {("C-ECHO", VERIFICATION): lambda _event: SUCCESS}
    return Service("Verification", (Context(VERIFICATION),), handlers)


def storage_service(
    node: Node,
    objects: Objects,
    files: ObjectFiles,
    judge: Judge,
    deliver: Deliver = lambda *_: None,
    now_ns: Callable[[], int] = time.time_ns,
) -> Service:
    """C-STORE of every storage class of the node, under the policy of the peer that calls."""
    receiver = _Receiver(node, objects, files, judge, deliver, now_ns)
    handlers: dict[tuple[str, str], Handler] = {("C-STORE", ""): receiver.store}
    return Service("Storage", tuple(Context(row.uid, UNCOMPRESSED) for row in STORAGE), handlers)


class _Refused(Exception):
    """An object that is not kept, with the status that says so, and the attribute that is why."""

    def __init__(self, status: int, comment: str, keyword: str = "") -> None:
        self.status = status
        self.element = tag_for_keyword(keyword)
        super().__init__(comment)

    def answer(self) -> Dataset:
        """As the peer is told (PS3.7 table C.5-1)."""
        told = failure(self.status, str(self))
        if self.element is not None:
            told.OffendingElement = [self.element]
        return told


class _Receiver:
    def __init__(
        self,
        node: Node,
        objects: Objects,
        files: ObjectFiles,
        judge: Judge,
        deliver: Deliver,
        now_ns: Callable[[], int],
    ) -> None:
        self._node = node
        self._objects = objects
        self._files = files
        self._judge = judge
        self._deliver = deliver
        self._now_ns = now_ns

    def store(self, event: evt.Event) -> int | Dataset:
        """The handler: a status, with a comment where it is none of success."""
        request = cast("C_STORE", event.request)
        caller = str(event.assoc.requestor.ae_title).strip()
        data_set = request.DataSet or io.BytesIO()
        try:
            self._store(caller, request, str(event.context.transfer_syntax), data_set)
        except _Refused as refused:
            _log.warning("C-STORE of %s refused: %04X %s", caller, refused.status, refused)
            return refused.answer()
        except DiskFull as full:
            _log.error("C-STORE of %s refused: %s", caller, full)
            return failure(OUT_OF_RESOURCES, "no space")
        except StoreError as broken:
            _log.error("C-STORE of %s failed: %s", caller, broken)
            return failure(OUT_OF_RESOURCES, "cannot be stored")
        return SUCCESS

    def _store(self, caller: str, request: C_STORE, syntax: str, data_set: io.BytesIO) -> None:
        sop_class = str(request.AffectedSOPClassUID)
        instance = str(request.AffectedSOPInstanceUID)
        with received(data_set) as content:
            peer = self._peer(caller, request)
            header = _header(front(data_set), sop_class, instance, syntax)
            head = file_head(sop_class, instance, syntax, peer.ae_title)
            self._files.require_space(len(content))
            state, findings = self._judged(peer, head, content)
            now_ns = self._now_ns()
            arrival = Arrival(header, head, content, peer.ae_title, now_ns, state, findings)
            if self._objects.keep(arrival) is Kept.CONFLICT:
                raise _Refused(DUPLICATE_INSTANCE, "other content is stored under this UID")
            if peer.policy is Policy.DELIVER and sop_class == RT_PLAN:
                self._deliver(instance, peer, now_ns)

    def _peer(self, caller: str, request: C_STORE) -> Peer:
        """Who stores. What this node retrieves itself is not sent to be delivered."""
        known = self._node.peers.get(caller)
        if known is not None:
            mover = str(request.MoveOriginatorApplicationEntityTitle or "").strip()
            if known.policy is Policy.DELIVER and mover == self._node.ae_title:
                return replace(known, policy=Policy.REFUSE)
            return known
        if self._node.unknown_peers:
            return Peer(caller, "", 0)
        raise _Refused(NOT_AUTHORISED, "this peer may not store here")

    def _judged(
        self, peer: Peer, head: bytes, dataset: Content
    ) -> tuple[State, tuple[Finding, ...]]:
        if peer.policy is Policy.ACCEPT:
            return State.RECEIVED, ()
        findings = self._judge(peer, head, dataset)
        if not has_errors(findings):
            return State.VALID, findings
        if peer.policy is Policy.QUARANTINE:
            return State.QUARANTINED, findings
        worst = next(one for one in findings if one.severity is Severity.ERROR)
        raise _Refused(REFUSED_BY_VALIDATION, _in_short(worst), _attribute(worst))


def _header(data_set: BinaryIO, sop_class: str, instance: str, syntax: str) -> ObjectHeader:
    if not is_identifier(instance):
        raise _Refused(CANNOT_UNDERSTAND, "Affected SOP Instance UID is no UID")
    try:
        header = read_header(data_set, syntax)
    except InputError as problem:
        raise _Refused(CANNOT_UNDERSTAND, str(problem)) from problem
    if (header.sop_class_uid, header.sop_instance_uid) != (sop_class, instance):
        raise _Refused(DATA_SET_DOES_NOT_MATCH, "SOP class or instance differs from the request's")
    return header


def _in_short(finding: Finding) -> str:
    place = finding.path.rsplit(".", 1)[-1]
    return f"{place}: {finding.message}" if place else finding.message


def _attribute(finding: Finding) -> str:
    """The keyword that the finding's path ends with."""
    return finding.path.rsplit(".", 1)[-1].split("[", 1)[0]
