"""A simulated treatment management system as a program: ``python -m simulators.tms``."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from simulators.tms.config import Destination, TmsConfig
from simulators.tms.manager import TreatmentManager
from simulators.tms.tls import client_context, server_context


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a SIGINT or SIGTERM; returns the exit status.

    Prints one line of JSON when it is ready: ``{"port", "ae_titles", "steps"}``.
    """
    options = _parser().parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        config = _config(options)
        manager = TreatmentManager(config)
        port = manager.start()
    except (OSError, ValueError) as error:
        return _failed(error)
    try:
        steps = [manager.schedule(path, fraction=options.fraction) for path in options.plan]
        titles = [config.ae_title, config.store_ae_title, config.verifier_ae_title]
        ready = {"port": port, "ae_titles": titles, "steps": steps}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stopped.wait()
    except (OSError, ValueError) as error:
        return _failed(error)
    finally:
        manager.stop()
    return 0


def _config(options: argparse.Namespace) -> TmsConfig:
    """Raises ValueError for TLS destinations without certificates, OSError for unreadable ones."""
    files = options.certificate, options.key, options.authorities
    if any(files) and not all(files):
        raise ValueError("--certificate, --key and --authorities go together")
    return TmsConfig(
        host=options.host,
        port=options.port,
        destinations=dict(_destination(each, tls=all(files)) for each in options.destination),
        station=options.station,
        folder=options.folder,
        server_tls=server_context(*files) if all(files) else None,
        client_tls=client_context(*files) if all(files) else None,
    )


def _destination(text: str, *, tls: bool) -> tuple[str, Destination]:
    """``AE=HOST:PORT``. Raises ValueError for anything else."""
    title, _, address = text.partition("=")
    host, _, port = address.rpartition(":")
    if not (title and host and port.isascii() and port.isdigit()):
        raise ValueError(f"{text!r} is not AE=HOST:PORT")
    return title, Destination(host, int(port), tls)


def _failed(error: Exception) -> int:
    sys.stderr.write(f"simulated treatment management system: {error}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.tms",
        description="A simulated treatment management system, object store and verifier.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument(
        "--destination",
        action="append",
        default=[],
        metavar="AE=HOST:PORT",
        help="where an application entity is reached; may be given again",
    )
    parser.add_argument("--plan", action="append", default=[], type=Path, help="schedule a plan")
    parser.add_argument("--fraction", type=int, default=1, help="the fraction of every plan")
    parser.add_argument("--station", default="", help="the treatment machine; else the plan's")
    parser.add_argument("--folder", type=Path, help="keep objects here too")
    parser.add_argument("--certificate", type=Path, help="PEM file of this side, for TLS")
    parser.add_argument("--key", type=Path, help="PEM file of its key")
    parser.add_argument("--authorities", type=Path, help="PEM file of who signs the peers'")
    return parser
