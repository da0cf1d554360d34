"""What a refused delivery leaves behind."""

from gateway.app.carry_out import Request
from gateway.app.summary import as_json, refusal_summary
from gateway.domain.errors import GatewayError, InputError


def leave_refusal(request: Request, reason: GatewayError) -> None:
    """Write ``summary.json`` with the reason into the output folder, if one was named."""
    if request.out is None:
        return
    try:
        request.out.mkdir(parents=True, exist_ok=True)
        text = as_json(refusal_summary(reason, None))
        (request.out / "summary.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{request.out}: cannot be written: {error.strerror}") from error
