"""A delivery on the terminal: progress while it runs, verdict and cause when it has ended."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.show_records import print_result

if TYPE_CHECKING:
    from gateway.app.finish import Finished
    from gateway.app.request import Request
    from gateway.domain.errors import GatewayError
    from gateway.settings import Settings


def _silent(_beam_number: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches."""


@contextmanager
def with_progress(*, quiet: bool) -> Iterator[Callable[[int, float, float], None]]:
    """A progress bar per beam on a terminal's stderr; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("beam {task.fields[beam]}"),
        BarColumn(),
        TextColumn("{task.completed:.1f}/{task.total:.1f} MU"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[int, Any] = {}

        def update(beam: int, meterset_mu: float, end_mu: float) -> None:
            if beam not in tasks:
                tasks[beam] = progress.add_task("", total=end_mu, beam=beam)
            progress.update(tasks[beam], completed=meterset_mu)

        yield update


def show_finished(finished: "Finished", out: Path | None, *, as_json: bool) -> int:
    """Print a finished delivery and where its files lie; its exit code."""
    show_summary(finished.summary, as_json=as_json)
    if not as_json:
        folder = out if out is not None else finished.directory
        sys.stdout.write(f"files   {folder}\nreport  {folder / 'report.html'}\n")
        names = sorted(path.name for path in finished.directory.glob("image_*.dcm"))
        images = folder / "images" if out is not None else folder
        if names:
            sys.stdout.write(f"images  {images} ({len(names)})\n")
        if logs := finished.summary["logs"]:
            sys.stdout.write(
                f"logs    {folder / 'logs' if out is not None else folder} ({len(logs)})\n"
            )
        record = folder / "treatment_record.dcm"
        if record.exists():
            sys.stdout.write(f"record  {record}\n")
        if finished.summary["state"] == "unresolved":
            name = finished.summary["delivery_id"]
            sys.stdout.write(f"next    linac-gateway resolve {name}\n")
        elif finished.summary["state"] == "terminated":
            name = finished.summary["delivery_id"]
            sys.stdout.write(f"next    linac-gateway deliver --continue {name}\n")
    return finished.exit_code


def show_summary(summary: Mapping[str, Any], *, as_json: bool) -> None:
    """Print verdict, causes and beams."""
    if as_json:
        print_result(summary, "", as_json=True)
        return
    plan = summary["plan"]
    lines = [
        f"delivery {summary['delivery_id']} of {plan['label']}, fraction {plan['fraction']}",
        f"room    {summary['room']}, seed {summary['seed']}",
        *(
            f"{finding['severity']}: {finding['message']}"
            for finding in summary["findings"]
            if finding["severity"] != "info"
        ),
    ]
    lines += [_beam_line(beam) for beam in summary["beams"]]
    lines += [f"cause   {cause_text(cause)}" for cause in summary["causes"]]
    lines.append(f"verdict {summary['verdict'].upper()} ({summary['state']})")
    sys.stdout.write("\n".join(lines) + "\n")


def cause_text(cause: Mapping[str, Any]) -> str:
    """A cause in words: what, where, from which control point, by how much."""
    parts = [cause["cause"]]
    if cause["beam"] is not None:
        parts.append(f"beam {cause['beam']}")
    if cause["axis"] is not None:
        parts.append(str(cause["axis"]))
    if cause["bank"] is not None:
        parts.append(f"bank {cause['bank']}")
    if cause["leaf"] is not None:
        parts.append(f"leaf {cause['leaf']}")
    if cause["frame"] is not None:
        parts.append(f"frame {cause['frame']}")
    if cause["control_point"] is not None:
        parts.append(f"from control point {cause['control_point']}")
    if cause["error"] is not None:
        parts.append(f"by {cause['error']:+.3f} {cause['unit']}")
    return ", ".join(parts)


def _beam_line(beam: Mapping[str, Any]) -> str:
    delivered = beam["delivered_mu"]
    shown = "unknown" if delivered is None else f"{delivered:.3f}"
    wanted = beam["planned_mu"] - beam["start_mu"]
    worst = max(
        beam["errors"].items(),
        key=lambda item: (item[1]["unit"] == "mm", abs(item[1]["max"])),
        default=None,
    )
    error = ""
    if worst is not None:
        axis, errors = worst
        error = f", {axis} within {abs(errors['max']):.3f} {errors['unit']}"
    reason = f" ({beam['termination_reason']})" if beam["termination_reason"] else ""
    return (
        f"beam {beam['number']} {beam['name']}: {shown} of {wanted:.3f} MU, "
        f"{beam['termination_status']}{reason}{error}; witnesses: {_heard(beam)}"
    )


def _heard(beam: Mapping[str, Any]) -> str:
    """Telemetry stands for the log of a machine that leaves none."""
    heard = {
        "telemetry": beam["samples"] > 0,
        "log": beam["log"] is not None,
        "image": beam["image"] is not None,
    }
    return ", ".join(("plan", *(name for name, there in heard.items() if there)))


def show_refusal(summary: Mapping[str, Any], reason: "GatewayError", *, as_json: bool) -> int:
    """Print why nothing was delivered; the exit code."""
    from gateway.cli.ending import exit_code, print_error

    print_error(reason)
    if as_json:
        print_result(summary, "", as_json=True)
    return exit_code(reason)


def show_timeline(request: "Request", settings: "Settings", *, as_json: bool) -> int:
    """Check, compile and print what would happen; nothing moves."""
    from gateway.app.dry_run import dry_run

    timelines = dry_run(request, settings)
    if as_json:
        print_result(timelines, "", as_json=True)
        return 0
    for finding in timelines["findings"]:
        sys.stdout.write(f"{finding['severity']}: {finding['message']}\n")
    for beam in timelines["beams"]:
        sys.stdout.write(
            f"\nbeam {beam['number']} {beam['name']}, {beam['mode']}, "
            f"{beam['meterset_mu']:.3f} MU in {beam['duration_s']:.1f} s\n"
        )
        sys.stdout.write("\n".join(beam["lines"]) + "\n")
    return 0
