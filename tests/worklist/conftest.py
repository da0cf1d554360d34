"""A plan that is made once."""

from pathlib import Path

import pytest

from tests.e2e.deliveries import generated


@pytest.fixture(scope="session")
def plan_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One static beam of a small meterset, for the bench's room."""
    return generated(tmp_path_factory.mktemp("plans"), "open-field")
