"""Runs the command and turns every error into one line and an exit code."""

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


def main() -> None:
    """The console script."""
    from gateway.cli.commands import app

    try:
        app()
    except GatewayError as error:
        print_error(error)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(EXIT_BLOCKED)
    except BrokenPipeError:
        sys.stderr.close()
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
