"""Requests of the worklist's client in tests."""

from pydicom import Dataset
from pynetdicom.association import Association

from simulators.tms.uids import (
    UPS_PULL,
    UPS_PUSH,
    UPS_QUERY,
    UPS_WATCH,
)

PUSH, PULL, WATCH, QUERY = UPS_PUSH, UPS_PULL, UPS_WATCH, UPS_QUERY


def find(association: Association, keys: Dataset, context: str = PULL) -> list[Dataset]:
    replies = list(association.send_c_find(keys, context))
    assert replies[-1][0].Status == 0x0000
    return [identifier for status, identifier in replies if status.Status == 0xFF00]


def act(
    association: Association, kind: int, uid: str, information: Dataset, context: str = PULL
) -> Dataset:
    status, _ = association.send_n_action(information, kind, PUSH, uid, meta_uid=context)
    return status


def update(association: Association, uid: str, modifications: Dataset) -> int:
    status, _ = association.send_n_set(modifications, PUSH, uid, meta_uid=PULL)
    return int(status.Status)
