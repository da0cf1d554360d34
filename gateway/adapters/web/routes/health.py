"""Whether the service lives and is ready; its metrics."""

from fastapi import APIRouter, Response

from gateway.adapters.web.models import HealthRow
from gateway.adapters.web.parts import WebParts
from gateway.adapters.web.problems import not_found


def health_routes(parts: WebParts) -> APIRouter:
    """``/healthz``, ``/readyz``, ``/metrics``."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The web's process is alive")
    def alive() -> HealthRow:
        return HealthRow(status="ok")

    @router.get(
        "/readyz", summary="Record and room are there", responses={503: {"model": HealthRow}}
    )
    def ready(response: Response) -> HealthRow:
        reasons = list(parts.ready())
        response.status_code = 503 if reasons else 200
        return HealthRow(status="not ready" if reasons else "ok", reasons=reasons)

    @router.get(
        "/metrics",
        summary="Prometheus metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics() -> Response:
        if parts.metrics is None:
            raise not_found("page: this service has no metrics")
        content, media_type = parts.metrics()
        return Response(content, media_type=media_type)

    return router
