"""The ``linac-gateway`` command."""

import signal
import sys

EXIT_INTERRUPTED = 4
_SHELLS_INTERRUPTED = 130
"""What typer makes of an interrupt (128 + SIGINT)."""


def main() -> None:
    """The console script. An interrupt ends it with one line, also while modules are imported."""
    try:
        from gateway.cli.entry import main as run

        run()
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as left:
        if left.code == _SHELLS_INTERRUPTED:
            _interrupted()
        raise


def _interrupted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stderr.write("interrupted; what was delivered is listed by: linac-gateway history\n")
    sys.exit(EXIT_INTERRUPTED)
