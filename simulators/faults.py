"""The faults that a simulated room can be asked for: ``NAME[:key=value,...]``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from gateway.domain.errors import ConfigError

Value = int | float | str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault by name: what it does, its keys with their readers, and an example."""

    summary: str
    keys: Mapping[str, Callable[[str], Value]]
    example: str


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """A fault as it was asked for; what is absent is chosen when a program is loaded."""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """As it was asked for."""
        values = ",".join(f"{key}={value}" for key, value in self.values.items())
        return f"{self.name}:{values}" if values else self.name

    def integer(self, key: str) -> int | None:
        """A whole number, if it was given."""
        value = self.values.get(key)
        return value if isinstance(value, int) else None

    def number(self, key: str, default: float) -> float:
        """A number, or ``default``."""
        return float(self.values.get(key, default))

    def optional(self, key: str) -> float | None:
        """A number, if it was given."""
        value = self.values.get(key)
        return None if value is None else float(value)

    def text(self, key: str, default: str) -> str:
        """A word, or ``default``."""
        return str(self.values.get(key, default))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("a whole number, 0 or more")
    return int(text)


def _positive(text: str) -> int:
    count = _count(text)
    if count == 0:
        raise ValueError("a whole number, 1 or more")
    return count


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("a number") from None
    if not isfinite(value):
        raise ValueError("a finite number")
    return value


def _above_zero(text: str) -> float:
    value = _number(text)
    if value <= 0.0:
        raise ValueError("a number above 0")
    return value


def _not_negative(text: str) -> float:
    value = _number(text)
    if value < 0.0:
        raise ValueError("a number, 0 or more")
    return value


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


Keys = Mapping[str, Callable[[str], Value]]
_BEAM: Keys = {"beam": _positive}
_DEVICE: Keys = {"device": _one_of("MLCX", "MLCY", "MLCX1", "MLCX2")}
_BANK: Keys = {"bank": _one_of("X1", "X2", "Y1", "Y2")}
_AT: Keys = {"at_cp": _not_negative, "at_mu": _not_negative}
_LINK: Keys = {"link": _one_of("linac", "couch", "imager")}
_LEAF: Keys = {**_BEAM, **_DEVICE, **_BANK, "leaf": _positive, "from_cp": _count}
_FRAME: Keys = {**_BEAM, "frame": _positive}

FAULTS: Mapping[str, FaultKind] = {
    "stuck-leaf": FaultKind(
        "a leaf stays where it is from a control point on",
        _LEAF,
        "stuck-leaf:beam=1,bank=X2,leaf=30,from_cp=5",
    ),
    "leaf-offset": FaultKind(
        "a leaf stands aside of where it should by offset_mm",
        {**_LEAF, "offset_mm": _number},
        "leaf-offset:beam=1,bank=X2,leaf=30,offset_mm=1.5",
    ),
    "bank-offset": FaultKind(
        "a whole bank stands aside of where it should by offset_mm",
        {**_BEAM, **_DEVICE, **_BANK, "offset_mm": _number},
        "bank-offset:beam=1,bank=X1,offset_mm=1.5",
    ),
    "swapped-banks": FaultKind(
        "the two banks are exchanged, each mirrored",
        {**_BEAM, **_DEVICE},
        "swapped-banks:beam=1",
    ),
    "leaf-miscalibration": FaultKind(
        "a leaf stands aside of what its encoder says by offset_mm",
        {**_BEAM, **_DEVICE, **_BANK, "leaf": _positive, "offset_mm": _number},
        "leaf-miscalibration:beam=1,bank=X2,leaf=30,offset_mm=1.5",
    ),
    "bank-miscalibration": FaultKind(
        "a whole bank stands aside of what its encoders say by offset_mm",
        {**_BEAM, **_DEVICE, **_BANK, "offset_mm": _number},
        "bank-miscalibration:beam=1,bank=X1,offset_mm=1.5",
    ),
    "jaw-miscalibration": FaultKind(
        "a jaw stands aside of what its encoder says by offset_mm",
        {**_BEAM, "axis": _one_of("X1", "X2", "Y1", "Y2"), "offset_mm": _number},
        "jaw-miscalibration:beam=1,axis=Y2,offset_mm=2",
    ),
    "panel-shift": FaultKind(
        "the panel stands aside of where its machine believes it to be, on its plane",
        {**_BEAM, "x_mm": _number, "y_mm": _number},
        "panel-shift:beam=1,x_mm=3,y_mm=-1",
    ),
    "output-change": FaultKind(
        "a MU gives more or less dose by percent",
        {**_BEAM, "percent": _number},
        "output-change:beam=1,percent=3",
    ),
    "gantry-lag": FaultKind(
        "the gantry trails by deg, or by seconds of its speed",
        {**_BEAM, "deg": _above_zero, "seconds": _above_zero},
        "gantry-lag:beam=1,deg=1.5",
    ),
    "meterset-overrun": FaultKind(
        "the beam goes on for mu beyond its end",
        {**_BEAM, "mu": _above_zero},
        "meterset-overrun:beam=1,mu=2",
    ),
    "couch-drift": FaultKind(
        "the couch creeps while the beam is on",
        {**_BEAM, "axis": _one_of("vertical", "longitudinal", "lateral"), "mm_per_s": _number},
        "couch-drift:beam=1,axis=longitudinal,mm_per_s=1",
    ),
    "lost-link": FaultKind(
        "a device's link dies and stays dead",
        {**_BEAM, **_LINK, **_AT},
        "lost-link:beam=1,link=linac,at_cp=10",
    ),
    "stale-telemetry": FaultKind(
        "the linac's telemetry stops while its link stays up",
        {**_BEAM, **_AT},
        "stale-telemetry:beam=1,at_mu=20",
    ),
    "garbage-bytes": FaultKind(
        "a device sends bytes that mean nothing",
        {**_BEAM, **_LINK, **_AT},
        "garbage-bytes:beam=1,link=linac,at_cp=10",
    ),
    "dropped-frame": FaultKind(
        "a cine frame does not arrive", _FRAME, "dropped-frame:beam=1,frame=3"
    ),
    "duplicated-frame": FaultKind(
        "a cine frame arrives twice", _FRAME, "duplicated-frame:beam=1,frame=3"
    ),
    "reordered-frame": FaultKind(
        "a cine frame arrives after the next one", _FRAME, "reordered-frame:beam=1,frame=3"
    ),
    "wrong-log": FaultKind(
        "the machine leaves the log of the beam before, or of another plan, as a beam's own",
        _BEAM,
        "wrong-log:beam=1",
    ),
    "door-open": FaultKind(
        "someone opens the treatment room's door",
        {**_BEAM, **_AT},
        "door-open:beam=1,at_mu=20",
    ),
    "emergency-stop": FaultKind(
        "someone presses the emergency stop",
        {**_BEAM, **_AT},
        "emergency-stop:beam=1,at_mu=20",
    ),
}


def parse_fault(text: str) -> FaultSpec:
    """Reads one ``--fault``. Raises ConfigError naming the fault, its keys and an example."""
    name, colon, rest = text.partition(":")
    kind = FAULTS.get(name)
    if kind is None:
        raise ConfigError(f"there is no fault {name!r}; faults are {', '.join(FAULTS)}")
    values: dict[str, Value] = {}
    for part in rest.split(",") if colon else ():
        key, equals, value = part.partition("=")
        read = kind.keys.get(key)
        if read is None or not equals:
            raise _unreadable(name, kind, f"{part!r} is not key=value with one of its keys")
        if key in values:
            raise _unreadable(name, kind, f"{key} is given twice")
        try:
            values[key] = read(value)
        except ValueError as error:
            raise _unreadable(name, kind, f"{key} is {error}, not {value!r}") from None
    for one, other in (("at_cp", "at_mu"), ("deg", "seconds")):
        if one in values and other in values:
            raise _unreadable(name, kind, f"{one} and {other} exclude each other")
    return FaultSpec(name, values)


def _unreadable(name: str, kind: FaultKind, why: str) -> ConfigError:
    keys = ", ".join(kind.keys)
    return ConfigError(f"fault {name}: {why}; its keys are {keys}; for example {kind.example}")
