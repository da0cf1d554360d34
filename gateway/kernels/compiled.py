"""How a kernel is compiled: by numba, kept on disk, without the interpreter lock."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(kernel: Callable[P, R]) -> Callable[P, R]:
    """``kernel`` as machine code, made at its first call and kept in numba's cache."""
    return cast("Callable[P, R]", njit(cache=True, nogil=True)(kernel))


def dividing(kernel: Callable[P, R]) -> Callable[P, R]:
    """As :func:`compiled`, but division by zero gives an infinity or NaN.

    Nobody looks for zeros then, and loops become vector instructions, with the same results.
    """
    form = njit(cache=True, nogil=True, error_model="numpy")
    return cast("Callable[P, R]", form(kernel))


def vectorised(kernel: Callable[P, R]) -> Callable[P, R]:
    """As :func:`compiled`, for loops without branches, which become vector instructions.

    Division by zero gives an infinity or NaN, and a product and a sum may be one operation.
    """
    form = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
    return cast("Callable[P, R]", form(kernel))


def inlined(kernel: Callable[P, R]) -> Callable[P, R]:
    """A part of a :func:`vectorised` kernel that has to become part of its loops."""
    form = njit(error_model="numpy", fastmath={"contract"}, forceinline=True, nogil=True)
    return cast("Callable[P, R]", form(kernel))
