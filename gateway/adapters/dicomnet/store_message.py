"""A C-STORE request whose command set was read without a dataset being made of it."""

from functools import lru_cache
from typing import cast

from pydicom.config import IGNORE
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import StorageServiceClass, attempt
from pynetdicom.sop_class import uid_to_service_class

from gateway.adapters.dicomnet.incoming import LONGEST_COMMAND_BYTES, BoundedBytes
from gateway.adapters.dicomnet.store_commands import StoreRequest

HANDLER_FAILED = 0xC211
"""What pynetdicom answers then."""


class StoreMessage(C_STORE_RQ):
    """What pynetdicom makes of such a request, for a fifth of the time."""

    def __init__(self, context_id: int, command: bytes, request: StoreRequest) -> None:
        self.context_id = context_id
        self.encoded_command_set = BoundedBytes(LONGEST_COMMAND_BYTES)
        self.encoded_command_set.write(command)
        self.request = request
        self._data_set_path = self._data_set_file = None

    def message_to_primitive(self) -> C_STORE:
        """As the base."""
        request = self.request
        made = _primitive(_as_uid(request.sop_class_uid), _as_uid(request.sop_instance_uid))
        made.MessageID = request.message_id
        made.Priority = request.priority
        made.DataSet = self.data_set
        made._context_id = self.context_id  # noqa: SLF001 - as the base does
        return made


class StoreService(StorageServiceClass):
    """pynetdicom's, for requests whose UIDs are looked at: its answer has the same."""

    def SCP(self, req: C_STORE, context: PresentationContext) -> None:  # noqa: N802 - the base's name
        """As the base."""
        answer = _primitive(req.AffectedSOPClassUID, req.AffectedSOPInstanceUID)
        answer.MessageID = answer.MessageIDBeingRespondedTo = req.MessageID
        context_id = cast("int", context.context_id)
        with attempt(answer, self.dimse, context_id, self.assoc) as served:
            served.error_msg = "Exception in handler bound to 'evt.EVT_C_STORE'"
            served.error_status = HANDLER_FAILED
            given = {"request": req, "context": context.as_tuple}
            status = evt.trigger(self.assoc, evt.EVT_C_STORE, given)
        if served.success and self.assoc.is_established:
            self.dimse.send_msg(self.validate_status(cast("int", status), answer), context_id)


def _primitive(sop_class_uid: UID | None, sop_instance_uid: UID | None) -> C_STORE:
    """What ``C_STORE()`` makes, with UIDs that are not looked at again."""
    made = C_STORE.__new__(C_STORE)
    made.OffendingElement = made.ErrorComment = None
    made._affected_sop_class_uid = sop_class_uid  # noqa: SLF001 - what their setters set
    made._affected_sop_instance_uid = sop_instance_uid  # noqa: SLF001
    return made


def _as_uid(text: str) -> UID:
    """A UID of digits and dots, which is all that pynetdicom asks of one."""
    return UID(text, IGNORE)


@lru_cache(maxsize=256)
def is_stored(sop_class_uid: str) -> bool:
    """Whether pynetdicom's storage service serves the SOP class."""
    return uid_to_service_class(sop_class_uid) is StorageServiceClass
