"""The statement, written once."""

import pytest

from gateway.app.conformance import statement


@pytest.fixture(scope="package")
def text() -> str:
    return statement()
