"""External programs and data that tests are held against: absent they skip, or fail on demand."""

import os
import shutil
from typing import NoReturn

import pytest

REQUIRED = bool(os.environ.get("LINAC_GATEWAY_REQUIRE_PEERS"))


def absent(what: str) -> NoReturn:
    """Skip by name; fail where ``LINAC_GATEWAY_REQUIRE_PEERS`` forbids skipping."""
    if REQUIRED:
        pytest.fail(f"{what}; LINAC_GATEWAY_REQUIRE_PEERS forbids skipping", pytrace=False)
    pytest.skip(what)


def program(name: str, package: str) -> str:
    """The path of an external program of a Debian package."""
    path = shutil.which(name)
    if path is None:
        absent(f"{name} is not installed (package {package})")
    return path
