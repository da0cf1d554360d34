"""How a kernel is compiled: by numba, kept on disk, without the interpreter lock."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(kernel: Callable[P, R]) -> Callable[P, R]:
    """``kernel`` as machine code, made at its first call and kept in numba's cache."""
    return cast("Callable[P, R]", njit(cache=True, nogil=True)(kernel))
