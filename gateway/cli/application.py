"""The application that every command joins."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gateway.cli import options
from gateway.cli.ending import (
    EXIT_IO,
    exit_code,
    leave_pipe,
    print_error,
    print_json_error,
)
from gateway.cli.options import common
from gateway.domain.errors import GatewayError


class Commands(TyperGroup):
    """The group of all commands: whatever one raises ends in a line on stderr and a code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises Exit."""
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            print_error(error)
            if common.as_json:
                print_json_error(error)
            raise typer.Exit(exit_code(error)) from error
        except BrokenPipeError:
            leave_pipe()
            raise typer.Exit(EXIT_IO) from None


app = typer.Typer(
    name="linac-gateway",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Deliver DICOM RT Plans to a linac room and reconcile what was delivered. "
    "For research, QA and test benches; not for clinical use.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from gateway import __version__

        typer.echo(f"linac-gateway {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    config: Annotated[Path | None, typer.Option(help="Settings file (TOML).")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder of the record store.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON.")] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True)] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Errors only.")] = False,
    version: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    options.set_common(config, store, as_json=as_json, verbosity=-1 if quiet else verbose)
