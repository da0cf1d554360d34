"""Runs the command as a person would, in a process of its own."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gateway.cli import main

LIMIT_S = 240


@dataclass(frozen=True)
class Result:
    """What a run left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)


def argv(store: Path, *arguments: str) -> list[str]:
    """The command line with its own store."""
    code = "from gateway.cli import main; main()"
    return [sys.executable, "-W", "error", "-c", code, "--store", str(store), *arguments]


def environment() -> dict[str, str]:
    """This environment without settings that a developer may have."""
    return {key: value for key, value in os.environ.items() if not key.startswith("LINAC_GATEWAY_")}


def inside(store: Path, *arguments: str) -> Result:
    """As :func:`run`, in this process: as quick as the command itself."""
    stdout, stderr = io.StringIO(), io.StringIO()
    given = patch.object(sys, "argv", ["linac-gateway", "--store", str(store), *arguments])
    caught = pytest.raises(SystemExit)
    with given, redirect_stdout(stdout), redirect_stderr(stderr), caught as left:
        main()
    assert isinstance(left.value.code, int)
    return Result(left.value.code, stdout.getvalue(), stderr.getvalue())


def run(store: Path, *arguments: str) -> Result:
    """Run to the end; a traceback fails the test."""
    done = subprocess.run(
        argv(store, *arguments),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env=environment(),
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)
