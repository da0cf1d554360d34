"""Runs the command and turns every error into one line and an exit code."""

import os
import sys
from typing import Any

from typer import Exit
from typer.core import TyperGroup

from gateway.cli.options import common
from gateway.domain.errors import (
    Blocked,
    ConfigError,
    GatewayError,
    MachineFault,
    PlanRejected,
)

EXIT_OUT_OF_TOLERANCE = 1
EXIT_USAGE = 2
EXIT_IO = 3
EXIT_BLOCKED = 4


class Commands(TyperGroup):
    """The group of all commands: whatever one raises ends in a line on stderr and a code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises Exit."""
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            print_error(error)
            if common.as_json:
                _print_json_error(error)
            raise Exit(exit_code(error)) from error
        except KeyboardInterrupt:
            sys.stderr.write("interrupted: nothing was delivered\n")
            raise Exit(EXIT_BLOCKED) from None
        except BrokenPipeError:
            _leave_pipe()
            raise Exit(EXIT_IO) from None


def main() -> None:
    """The console script."""
    from gateway.cli.node_commands import app

    try:
        app()
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _leave_pipe()
            sys.exit(EXIT_IO)


def exit_code(error: GatewayError) -> int:
    """1 refused as invalid, 2 usage or configuration, 3 input, output or peer, 4 blocked."""
    if isinstance(error, PlanRejected):
        return EXIT_OUT_OF_TOLERANCE
    if isinstance(error, ConfigError):
        return EXIT_USAGE
    if isinstance(error, Blocked | MachineFault):
        return EXIT_BLOCKED
    return EXIT_IO


def print_error(error: GatewayError) -> None:
    """One line a statement on stderr."""
    if isinstance(error, PlanRejected):
        for finding in error.findings:
            sys.stderr.write(f"{finding}\n")
        sys.stderr.write("refused: the plan cannot be delivered as it is\n")
        return
    sys.stderr.write(f"error: {error}\n")


def _print_json_error(error: GatewayError) -> None:
    from gateway.app.refusal import reason_rule
    from gateway.app.summary import finding_row
    from gateway.cli.show_records import print_result

    findings = error.findings if isinstance(error, PlanRejected) else ()
    value = {
        "error": reason_rule(error),
        "message": str(error),
        "findings": [finding_row(finding) for finding in findings],
    }
    print_result(value, "", as_json=True)


def _leave_pipe() -> None:
    """Nobody reads any more: what is still buffered goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
