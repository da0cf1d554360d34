"""Changes to an attribute somewhere in an object."""

from collections.abc import Callable

from pydicom import Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement

Break = Callable[[Dataset], None]


def named(value: object) -> str:
    return value[:40] if isinstance(value, str) else "change"


def without(*path: str) -> Break:
    def change(dataset: Dataset) -> None:
        at(dataset, path[:-1]).pop(path[-1], None)

    return change


def with_value(value: object, *path: str) -> Break:
    def change(dataset: Dataset) -> None:
        holder = at(dataset, path[:-1])
        vr = dictionary_VR(path[-1]).rsplit(" ", 1)[-1]
        holder[path[-1]] = DataElement(path[-1], vr, value, validation_mode=IGNORE)

    return change


def both(*changes: Break) -> Break:
    def change(dataset: Dataset) -> None:
        for one in changes:
            one(dataset)

    return change


def at(dataset: Dataset, path: tuple[str, ...]) -> Dataset:
    for step in path:
        dataset = dataset[step].value[0]
    return dataset
