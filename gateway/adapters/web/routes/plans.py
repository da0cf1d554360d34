"""Plans: upload, generate, look at the findings."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request

from gateway.adapters.web.backend import Plans
from gateway.adapters.web.command_models import GeneratedPlan, PlanList, PlanRow

PlanId = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
DICOM = "application/dicom"


def plan_routes(plans: Plans) -> APIRouter:
    """``/plans``."""
    router = APIRouter(tags=["plans"])

    @router.get("/plans", summary="Plans, newest first")
    def listed() -> PlanList:
        return PlanList.model_validate(plans.plans())

    @router.get("/plans/{plan_id}", summary="A plan and its findings")
    def plan(plan_id: PlanId) -> PlanRow:
        return PlanRow.model_validate(plans.plan(plan_id))

    @router.post("/plans", summary="Upload an RT Plan", status_code=201)
    def upload(content: Annotated[bytes, Body(media_type=DICOM)], request: Request) -> PlanRow:
        return PlanRow.model_validate(plans.add(content, request.state.person))

    @router.post("/plans/generated", summary="Make a plan", status_code=201)
    def generate(wanted: GeneratedPlan, request: Request) -> PlanRow:
        made = plans.generate(wanted.technique, wanted.machine, wanted.seed, request.state.person)
        return PlanRow.model_validate(made)

    return router
