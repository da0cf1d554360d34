"""Payload fields: how one value stands on the wire, little-endian, in both directions.

Reading raises RemoteProtocolError (the other side's bytes are wrong), writing raises
LocalProtocolError (the value does not fit its field).
"""

import struct
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.domain.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
H = TypeVar("H", bound=Hashable)
N = TypeVar("N", bound=np.generic)


class Cursor:
    """A place in a payload that only moves forward and never beyond the end."""

    def __init__(self, payload: bytes | memoryview) -> None:
        self._payload = payload
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        return bytes(self.view(size))

    def view(self, size: int) -> bytes | memoryview:
        """The next ``size`` bytes, not copied where the payload itself is not."""
        end = self._at + size
        if end > len(self._payload):
            raise RemoteProtocolError(
                f"payload of {len(self._payload)} bytes ends inside a field (wants {end})"
            )
        taken = self._payload[self._at : end]
        self._at = end
        return taken

    def finish(self) -> None:
        """Raises RemoteProtocolError when bytes are left over."""
        left = len(self._payload) - self._at
        if left:
            raise RemoteProtocolError(f"payload has {left} bytes too many")


class Field(Protocol[T]):
    """One value of a payload."""

    def read(self, cursor: Cursor) -> T:
        """Take the value from the cursor."""
        ...

    def write(self, value: T) -> bytes:
        """The value's bytes."""
        ...


class Number:
    """An integer, by its :mod:`struct` code (``B``, ``H``, ``I``, ``Q``, ``q``)."""

    def __init__(self, code: str) -> None:
        self._struct = struct.Struct("<" + code)

    def read(self, cursor: Cursor) -> int:
        """The next integer."""
        value: int = self._struct.unpack(cursor.take(self._struct.size))[0]
        return value

    def write(self, value: int) -> bytes:
        """The integer's bytes."""
        try:
            return self._struct.pack(value)
        except struct.error as error:
            raise LocalProtocolError(f"{value} does not fit its field: {error}") from None


class Real:
    """A finite f64."""

    _struct = struct.Struct("<d")

    def read(self, cursor: Cursor) -> float:
        """The next number."""
        value: float = self._struct.unpack(cursor.take(8))[0]
        if not np.isfinite(value):
            raise RemoteProtocolError(f"{value} where a finite number must stand")
        return value

    def write(self, value: float) -> bytes:
        """The number's bytes."""
        if not np.isfinite(value):
            raise LocalProtocolError(f"{value} where a finite number must stand")
        return self._struct.pack(value)


class Text:
    """A u8 length and that many bytes of UTF-8."""

    def read(self, cursor: Cursor) -> str:
        """The next string."""
        raw = cursor.take(cursor.take(1)[0])
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise RemoteProtocolError(f"a string is not UTF-8: {error}") from None

    def write(self, value: str) -> bytes:
        """The string's bytes."""
        try:
            raw = value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise LocalProtocolError(f"a string is not Unicode text: {error}") from None
        if len(raw) > 255:
            raise LocalProtocolError(f"{value[:40]!r}... is longer than 255 bytes of UTF-8")
        return bytes((len(raw),)) + raw


class Fixed:
    """Exactly ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size

    def read(self, cursor: Cursor) -> bytes:
        """The next bytes."""
        return cursor.take(self._size)

    def write(self, value: bytes) -> bytes:
        """The bytes themselves."""
        if len(value) != self._size:
            raise LocalProtocolError(f"{len(value)} bytes where {self._size} must stand")
        return bytes(value)


class Coded(Generic[H]):
    """A number that stands for one of ``values``."""

    def __init__(self, number: Number, values: Mapping[int, H]) -> None:
        self._number = number
        self._values = values
        self._codes = {value: code for code, value in values.items()}

    def read(self, cursor: Cursor) -> H:
        """The value that the next number stands for."""
        return meaning(self._values, self._number.read(cursor))

    def write(self, value: H) -> bytes:
        """The code's bytes."""
        if value not in self._codes:
            raise LocalProtocolError(f"{value!r} has no code on this wire")
        return self._number.write(self._codes[value])


class Counted(Generic[T]):
    """A count and that many values."""

    def __init__(self, count: Number, item: Field[T]) -> None:
        self._count = count
        self._item = item

    def read(self, cursor: Cursor) -> tuple[T, ...]:
        """The next values."""
        return tuple(self._item.read(cursor) for _ in range(self._count.read(cursor)))

    def write(self, value: tuple[T, ...]) -> bytes:
        """The count's and the values' bytes."""
        return self._count.write(len(value)) + b"".join(map(self._item.write, value))


class Array(Generic[N]):
    """A u16 count n and n rows of numbers: an array of shape (n,) or (n, columns), read-only."""

    _count = Number("H")

    def __init__(self, dtype: npt.DTypeLike, columns: int | None = None) -> None:
        self._dtype: np.dtype[Any] = np.dtype(dtype)
        self._shape = () if columns is None else (columns,)
        self._row_size = self._dtype.itemsize * (columns or 1)

    def read(self, cursor: Cursor) -> npt.NDArray[N]:
        """The next rows."""
        count = self._count.read(cursor)
        raw = np.frombuffer(cursor.take(count * self._row_size), self._dtype)
        return raw.reshape(count, *self._shape)

    def write(self, value: npt.NDArray[N]) -> bytes:
        """The rows' bytes."""
        if value.shape[1:] != self._shape:
            raise LocalProtocolError(f"an array of shape {value.shape} where {self._shape} rows go")
        return self._count.write(len(value)) + value.astype(self._dtype).tobytes()


@dataclass(frozen=True, slots=True)
class Payload(Generic[T_co]):
    """A message type: its number, its dataclass, and one field per attribute, in wire order."""

    kind: int
    message: Callable[..., T_co]
    layout: tuple[Field[Any], ...] = ()

    def decode(self, payload: bytes | memoryview) -> T_co:
        """The message in ``payload``. Raises RemoteProtocolError."""
        cursor = Cursor(payload)
        values = [field.read(cursor) for field in self.layout]
        cursor.finish()
        return self.message(*values)

    def encode(self, message: "DataclassInstance") -> bytes:
        """The payload of ``message``. Raises LocalProtocolError."""
        if not self.layout:
            return b""
        names = (field.name for field in fields(message))
        parts = zip(names, self.layout, strict=True)
        return b"".join(field.write(getattr(message, name)) for name, field in parts)


U8, U16, U32, U64, I64 = map(Number, "BHIQq")
TEXT = Text()
REAL = Real()


def in_steps(value: float, steps_per_unit: int) -> int:
    """``value`` as a whole number of steps. Raises LocalProtocolError when it is not finite."""
    if not np.isfinite(value):
        raise LocalProtocolError(f"{value} where a finite number must stand")
    return round(value * steps_per_unit)


def meaning(values: Mapping[int, H], code: int) -> H:
    """What ``code`` stands for. Raises RemoteProtocolError for a code that stands for nothing."""
    try:
        return values[code]
    except KeyError:
        raise RemoteProtocolError(f"code {code} is none of {_some(values)}") from None


def _some(values: Mapping[int, H]) -> str:
    codes = sorted(values)
    if len(codes) > 16:
        return f"{codes[0]} to {codes[-1]}"
    return ", ".join(map(str, codes))
