"""Rules that hold for every test."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

from tests import guards, peers

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("fresh", max_examples=1_000, database=None, deadline=None)
settings.load_profile("same")
"""A run that decides tries the same examples each time; ``make soak`` draws fresh ones."""


def pytest_configure() -> None:
    """Set the guards, once for the whole run."""
    guards.guard_against_leaked_tasks()
    guards.guard_against_blocking()
    guards.guard_against_listening()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test marked ``peer`` that skips by other ways than ``peers.absent`` is caught too."""
    report = yield
    if peers.REQUIRED and report.skipped and item.get_closest_marker("peer") is not None:
        report.outcome = "failed"
        report.longrepr = f"LINAC_GATEWAY_REQUIRE_PEERS forbids skipping: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport) -> Any:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
