"""How a command ends: an exit code, and one line for every error."""

import os
import sys

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


def print_json_error(error: GatewayError) -> None:
    """The error as a JSON object on stdout."""
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


def leave_pipe() -> None:
    """Nobody reads any more: what is still buffered goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
