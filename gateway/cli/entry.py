"""The console script."""

import sys

from gateway.cli import commands, log_commands, node_commands
from gateway.cli.application import app
from gateway.cli.ending import EXIT_IO, leave_pipe

COMMANDS = (commands, log_commands, node_commands)
"""The modules whose commands join the application, in the order in which they are listed."""


def main() -> None:
    """Run the command that the arguments name."""
    try:
        app()
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            leave_pipe()
            sys.exit(EXIT_IO)
