"""Every message that went in or out, as data that tests assert on."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydicom import Dataset

PATIENT_GROUP = 0x0010
PIXEL_GROUP = 0x7FE0
_BULK_VRS = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})


@dataclass(frozen=True, slots=True)
class Message:
    """One DIMSE message.

    ``dimse`` is as in PS3.7 (``N-SET-RQ``); ``peer`` and ``entity`` are the AE titles of the other
    side and of this one; ``context`` is the presentation context's abstract syntax. ``status`` is
    None in requests. ``attributes`` are texts by keyword path
    (``InputInformationSequence[0].TypeOfInstances``), without patients, persons and pixels.
    """

    direction: Literal["in", "out"]
    dimse: str
    peer: str
    entity: str
    context: str
    sop_class_uid: str
    instance_uid: str
    status: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class Journal:
    """Messages in the order they were seen. Any thread may add, read or wait."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._added = threading.Condition()

    def __iter__(self) -> Iterator[Message]:
        return iter(self.messages())

    def __len__(self) -> int:
        return len(self.messages())

    def messages(self) -> tuple[Message, ...]:
        """All of them, up to now."""
        with self._added:
            return tuple(self._messages)

    def of(self, dimse: str, direction: str = "in") -> tuple[Message, ...]:
        """Those of one kind."""
        return tuple(
            message
            for message in self.messages()
            if message.dimse == dimse and message.direction == direction
        )

    def add(self, message: Message) -> None:
        """Put one at the end, and wake who waits."""
        with self._added:
            self._messages.append(message)
            self._added.notify_all()

    def wait_for(self, wanted: Callable[[Message], bool], timeout_s: float = 20.0) -> Message:
        """The first message, past or to come, that is ``wanted``. Raises TimeoutError."""

        def found() -> Message | None:
            return next(filter(wanted, self._messages), None)

        with self._added:
            message = self._added.wait_for(found, timeout_s)
            if message is None:
                raise TimeoutError(f"no such message within {timeout_s:g} s")
            return message


def flattened(dataset: Dataset, path: str = "") -> dict[str, str]:
    """Texts by keyword path; see Message."""
    texts: dict[str, str] = {}
    for element in dataset:
        name = path + (element.keyword or f"{element.tag.group:04X}{element.tag.element:04X}")
        if element.VR == "SQ":
            texts[name] = str(len(element.value))
            for place, item in enumerate(element.value):
                texts.update(flattened(item, f"{name}[{place}]."))
        elif _is_told(element.tag.group, element.VR):
            values = element.value if element.VM > 1 else [element.value]
            texts[name] = "" if element.is_empty else "\\".join(map(str, values))
    return texts


def _is_told(group: int, vr: str) -> bool:
    return group not in (PATIENT_GROUP, PIXEL_GROUP) and vr != "PN" and vr not in _BULK_VRS
