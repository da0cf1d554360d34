"""The application: routes behind what every request passes first."""

from fastapi import FastAPI

from gateway import __version__
from gateway.adapters.web.bodies import BoundedBodies
from gateway.adapters.web.guard import DESCRIPTION, Guard
from gateway.adapters.web.idempotency import OnceOnly
from gateway.adapters.web.openapi import describe
from gateway.adapters.web.parts import WebParts
from gateway.adapters.web.problems import handle_problems
from gateway.adapters.web.routes.alarms import alarm_routes
from gateway.adapters.web.routes.health import health_routes
from gateway.adapters.web.routes.live import live_routes
from gateway.adapters.web.routes.plans import plan_routes
from gateway.adapters.web.routes.queue import queue_routes
from gateway.adapters.web.routes.record import record_routes
from gateway.adapters.web.routes.room import room_routes
from gateway.adapters.web.routes.session import session_routes
from gateway.adapters.web.static_files import Dashboard

PREFIX = "/api/v1"
PLAN_BYTES = 64 * 2**20


def web_app(parts: WebParts) -> FastAPI:
    """The dashboard and its API on ``parts``."""
    app = FastAPI(
        title="linac-gateway",
        version=__version__,
        openapi_url=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = describe(app)  # type: ignore[method-assign]  # as FastAPI has it done
    handle_problems(app)
    for router in (
        session_routes(parts),
        room_routes(parts),
        live_routes(parts),
        queue_routes(parts.queue),
        plan_routes(parts.plans),
        record_routes(parts.record),
        alarm_routes(parts.alarms),
    ):
        app.include_router(router, prefix=PREFIX)
    app.include_router(health_routes(parts))
    app.mount("/", Dashboard(), name="dashboard")
    app.add_middleware(OnceOnly, ledger=parts.ledger)
    app.add_middleware(BoundedBodies, larger={f"{PREFIX}/plans": PLAN_BYTES})
    app.add_middleware(Guard, site=parts.site, sessions=parts.sessions)
    return app
