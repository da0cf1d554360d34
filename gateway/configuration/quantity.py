"""Physical values in configuration files: a number, its unit and where it is from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.configuration.toml_file import Section


class Sourced(Section):
    """A value that says where it is from."""

    unit: str
    source: str = Field(min_length=1)


class Quantity(Sourced):
    """``{ value = 25.0, unit = "mm/s", source = "..." }``."""

    value: float


def _in(unit: str) -> Callable[[Quantity], Quantity]:
    def check(quantity: Quantity) -> Quantity:
        if quantity.unit != unit:
            raise ValueError(f"unit is {quantity.unit!r}; give the value in {unit}")
        return quantity

    return check


def _not_negative(quantity: Quantity) -> Quantity:
    if quantity.value < 0:
        raise ValueError(f"{quantity.value:g} is negative; give 0 or more")
    return quantity


def _positive(quantity: Quantity) -> Quantity:
    if quantity.value <= 0:
        raise ValueError(f"{quantity.value:g} is not above 0")
    return quantity


NOT_NEGATIVE = AfterValidator(_not_negative)
POSITIVE = AfterValidator(_positive)

Length = Annotated[Quantity, AfterValidator(_in("mm"))]
Angle = Annotated[Quantity, AfterValidator(_in("deg"))]
Speed = Annotated[Quantity, AfterValidator(_in("mm/s")), NOT_NEGATIVE]
Acceleration = Annotated[Quantity, AfterValidator(_in("mm/s2")), NOT_NEGATIVE]
AngularSpeed = Annotated[Quantity, AfterValidator(_in("deg/s")), NOT_NEGATIVE]
AngularAcceleration = Annotated[Quantity, AfterValidator(_in("deg/s2")), NOT_NEGATIVE]
Time = Annotated[Quantity, AfterValidator(_in("s")), NOT_NEGATIVE]
Meterset = Annotated[Quantity, AfterValidator(_in("MU")), POSITIVE]
DoseRate = Annotated[Quantity, AfterValidator(_in("MU/min")), NOT_NEGATIVE]
Fraction = Annotated[Quantity, AfterValidator(_in("fraction")), NOT_NEGATIVE]
Frequency = Annotated[Quantity, AfterValidator(_in("Hz")), POSITIVE]
Counts = Annotated[Quantity, AfterValidator(_in("counts")), NOT_NEGATIVE]
QuantaPerCu = Annotated[Quantity, AfterValidator(_in("1/CU")), POSITIVE]


def sources(section: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """``(dotted key, source)`` of every sourced value in ``section``, depth first."""
    if isinstance(section, Sourced):
        yield prefix, section.source
        return
    items: Iterable[tuple[str, object]] = ()
    if isinstance(section, Section):
        items = section
    elif isinstance(section, Mapping):
        items = section.items()
    for name, value in items:
        yield from sources(value, f"{prefix}.{name}" if prefix else name)
