"""The ``deliver`` command: progress while it runs, then the result or the refusal."""

from typing import TYPE_CHECKING

from gateway.cli.show_delivery import show_finished, show_refusal, with_progress
from gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from gateway.app.request import Request
    from gateway.settings import Settings


def run_delivery(request: "Request", settings: "Settings", *, as_json: bool, quiet: bool) -> int:
    """Deliver a plan, or what remains of one; the exit code."""
    from gateway.app.deliver import continue_delivery, deliver
    from gateway.app.refusal import refusal

    try:
        with with_progress(quiet=quiet or as_json) as progress:
            if request.continues is None:
                finished = deliver(request, settings, progress)
            else:
                finished = continue_delivery(request.continues, request, settings, progress)
    except GatewayError as reason:
        return show_refusal(refusal(reason, request, settings), reason, as_json=as_json)
    return show_finished(finished, request.out, as_json=as_json)
