"""The commands. Each imports what it needs when it runs: ``--help`` stays quick."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import options
from gateway.cli.application import app
from gateway.cli.options import Fault, FractionGroup, Link, Out, Phantom, Seed, Speed, common

PlanFile = Annotated[Path, typer.Argument(help="An RT Plan file.", show_default=False)]
Id = Annotated[str, typer.Argument(metavar="ID", help="A delivery.", show_default=False)]


@app.command()
def demo(out: Out = None, seed: Seed = None) -> None:
    """Generate a plan, deliver it to the simulated room, and say where the results lie."""
    from gateway.cli.show_delivery import show_finished, with_progress

    with with_progress(quiet=common.quiet or common.as_json) as progress:
        from gateway.app.demo import run_demo

        finished = run_demo(common.settings(), common.store, seed, out, progress)
    raise typer.Exit(show_finished(finished, out, as_json=common.as_json))


@app.command()
def plan(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="See 'plan list'.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")] = Path("plan.dcm"),
    machine: Annotated[str, typer.Option(help="A machine; see 'machines'.")] = "truebeam-m120",
    seed: Annotated[
        int, typer.Option(min=0, max=options.LARGEST_SEED, help="Seed of the plan's random parts.")
    ] = 0,
) -> None:
    """Generate an RT Plan: open-field, picket-fence, vmat and others."""
    from gateway.app.generate import kinds, write_generated_plan
    from gateway.cli.show_records import print_result

    if kind == "list":
        print_result({"kinds": kinds()}, "\n".join(kinds()), as_json=common.as_json)
        return
    written = write_generated_plan(kind, machine, seed, out, common.settings())
    print_result(written, f"{out}: {kind} for {machine}", as_json=common.as_json)


@app.command()
def check(
    plan_file: PlanFile,
    room: Annotated[str | None, typer.Option(help="A room; default: the one that fits.")] = None,
    fraction_group: FractionGroup = None,
) -> None:
    """Print the findings of reading and checking a plan; exit 1 where any refuses it."""
    from gateway.app.check import check_plan
    from gateway.cli.show_records import show_findings

    findings = check_plan(plan_file, common.settings(), room, fraction_group)
    raise typer.Exit(
        show_findings("file", str(plan_file), findings, "refused", as_json=common.as_json)
    )


@app.command()
def deliver(
    plan_file: Annotated[
        Path | None, typer.Argument(help="An RT Plan file.", show_default=False)
    ] = None,
    continue_id: Annotated[
        str | None, typer.Option("--continue", metavar="ID", help="Deliver what remains of ID.")
    ] = None,
    room: Annotated[str | None, typer.Option(help="A room; default: the one that fits.")] = None,
    fraction_group: FractionGroup = None,
    fraction: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=options.LARGEST_INTEGER_STRING,
            help="Fraction; default: the next undelivered.",
        ),
    ] = None,
    beam: Annotated[list[int] | None, typer.Option(help="Beam number; repeat for more.")] = None,
    speed: Speed = None,
    cine: Annotated[
        float | None, typer.Option(metavar="FPS", min=0.1, help="Cine images at this rate.")
    ] = None,
    fault: Fault = None,
    phantom: Phantom = None,
    seed: Seed = None,
    out: Out = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, compile and print the timeline; no motion.")
    ] = False,
    link: Link = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Who arms the beam; two people in a real room.")
    ] = None,
    permit: options.Permit = "",
) -> None:
    """Deliver an RT Plan to a room and reconcile what was delivered."""
    from gateway.cli.show_delivery import show_timeline

    request = options.delivery_request(
        plan=plan_file,
        room=room,
        fraction_group=fraction_group,
        fraction=fraction,
        beams=tuple(beam or ()),
        speed=options.parse_speed(speed),
        cine_fps=cine,
        faults=tuple(fault or ()),
        phantom=phantom,
        seed=seed,
        out=out,
        continues=continue_id,
        by=tuple(by or ()),
        permit=options.parse_permit(permit),
        dry_run=dry_run,
    )
    from gateway.cli.run_delivery import run_delivery

    settings = common.settings(link)
    if dry_run:
        raise typer.Exit(show_timeline(request, settings, as_json=common.as_json))
    raise typer.Exit(run_delivery(request, settings, as_json=common.as_json, quiet=common.quiet))


@app.command()
def resolve(
    delivery_id: Id,
    room: Annotated[str | None, typer.Option(help="Read the counter of this room.")] = None,
    meterset: Annotated[
        float | None, typer.Option(metavar="MU", help="The beam's meterset, entered by people.")
    ] = None,
    by: Annotated[list[str] | None, typer.Option(help="Who enters it; two people.")] = None,
    reason: Annotated[str, typer.Option(help="Why the meterset is right.")] = "",
    link: Link = None,
) -> None:
    """Make the meterset of an interrupted delivery certain."""
    from gateway.app.resolve import Entered
    from gateway.app.resolve import resolve as run_resolve
    from gateway.cli.show_records import show_resolved

    if meterset is None:
        options.refuse_with("the machine's counter", {"--by": by, "--reason": reason})
        entered = None
    else:
        options.refuse_with("--meterset", {"--room": room, "--link": link})
        entered = Entered(meterset, tuple(by or ()), reason)
    entry = run_resolve(delivery_id, common.settings(link), room, entered)
    show_resolved(entry, as_json=common.as_json)


@app.command()
def simulate(
    room: Annotated[str, typer.Argument(help="A room.", show_default=False)],
    speed: Speed = "real",
    seed: Seed = None,
    fault: Fault = None,
    phantom: Phantom = None,
    linac_port: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    imager_port: Annotated[int, typer.Option(min=0, max=65535)] = 0,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    links: Annotated[
        Path | None, typer.Option(help="Write a settings file for 'linac-gateway --config'.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder of the dose counter; default: in the store.")
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="Folder in which the machine leaves its trajectory logs.")
    ] = None,
) -> None:
    """Run the devices of a room alone; prints one ready line with their endpoints."""
    from gateway.cli.run_simulator import run_simulator

    run_simulator(
        room,
        settings=common.settings(),
        speed=options.parse_speed(speed),
        seed=seed,
        faults=tuple(fault or ()),
        phantom=phantom,
        address=(host, linac_port, imager_port),
        links=links,
        state=state,
        logs=logs,
        as_json=common.as_json,
    )


@app.command()
def history() -> None:
    """List every delivery of the store."""
    from gateway.app.records import history as read_history
    from gateway.cli.show_records import show_history

    settings = common.settings()
    show_history(read_history(settings), settings.store, as_json=common.as_json)


@app.command()
def show(delivery_id: Id) -> None:
    """Show a delivery: beams, files, events."""
    from gateway.app.records import show as read_delivery
    from gateway.cli.show_records import show_delivery

    show_delivery(read_delivery(common.settings(), delivery_id), as_json=common.as_json)


@app.command()
def verify(delivery_id: Id) -> None:
    """Check the record's hash chain and files; exit 1 where anything was altered."""
    from gateway.app.records import verify as run_verify
    from gateway.cli.show_records import show_findings

    findings = run_verify(common.settings(), delivery_id)
    raise typer.Exit(
        show_findings("delivery_id", delivery_id, findings, "altered", as_json=common.as_json)
    )


@app.command()
def machines() -> None:
    """List the machines and rooms that are configured."""
    from gateway.app.machines import list_machines
    from gateway.cli.show_records import show_machines

    show_machines(list_machines(common.settings()), as_json=common.as_json)
