"""The console script."""

import os
import sys
from pathlib import Path

from gateway.cli import (
    commands,
    fluence_command,
    gamma_command,
    image_commands,
    log_commands,
    node_commands,
)
from gateway.cli.application import app
from gateway.cli.ending import EXIT_IO, leave_pipe

COMMANDS = (commands, log_commands, image_commands, fluence_command, gamma_command, node_commands)
"""The modules whose commands join the application, in the order in which they are listed."""


def main() -> None:
    """Run the command that the arguments name."""
    if sys.stdout is not None:
        _run()
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nobody:  # whoever started it closed it
        sys.stdout = nobody
        _run()


def _run() -> None:
    try:
        app()
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            leave_pipe()
            sys.exit(EXIT_IO)
