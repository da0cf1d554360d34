"""Deliveries: what the record holds of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from starlette.responses import FileResponse

from gateway.adapters.web.backend import KeptFile, Record
from gateway.adapters.web.headers import REPORT_POLICY
from gateway.adapters.web.record_models import (
    Curves,
    DeliveryDetail,
    DeliveryList,
    EventList,
    FileList,
    ImageList,
    Telemetry,
    Trend,
)

PARQUET = "application/vnd.apache.parquet"
DICOM = "application/dicom"
REPORT = "report.html"

FILES = ("application/octet-stream", "application/pdf", DICOM, PARQUET, "text/html", "text/csv")

DeliveryId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
FileName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
Value = Annotated[float | None, Query(allow_inf_nan=False)]
Every = Annotated[int, Query(ge=1, le=100_000, description="Every so manieth sample")]
Columns = Annotated[
    str, Query(max_length=4000, description="Names of columns, with commas; all without")
]


def _binary(
    *media_types: str, json: dict[str, object] | None = None
) -> dict[int | str, dict[str, object]]:
    """A description of content; ``json`` describes what may come as JSON."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    content: dict[str, object] = dict.fromkeys(media_types, schema)
    if json is not None:
        content["application/json"] = {"schema": json}
    return {200: {"description": "The content", "content": content}}


def _file(
    *media_types: str, json: dict[str, object] | None = None
) -> dict[int | str, dict[str, object]]:
    """A description of content that may be asked for in portions (RFC 9110, clause 14)."""
    whole = _binary(*media_types, json=json)
    text: dict[str, object] = {"text/plain": {"schema": {"type": "string"}}}
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = dict.fromkeys((*media_types, "application/json", "multipart/byteranges"), binary)
    return whole | {
        206: {"description": "What `Range` asks for", "content": content},
        400: {"description": "`Range` cannot be read", "content": text},
        416: {"description": "The content has no such range", "content": text},
    }


def record_routes(record: Record) -> APIRouter:
    """``/deliveries`` and below, ``/trends``."""
    router = APIRouter(tags=["record"])

    @router.get("/deliveries", summary="The history, newest first")
    def deliveries(
        search: Annotated[str, Query(max_length=200)] = "",
        verdict: Literal["pass", "fail", "none"] | None = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> DeliveryList:
        return DeliveryList.model_validate(record.deliveries(search, verdict, limit, offset))

    @router.get("/deliveries/{delivery_id}", summary="A delivery, its beams and causes")
    def delivery(delivery_id: DeliveryId) -> DeliveryDetail:
        return DeliveryDetail.model_validate(record.delivery(delivery_id))

    @router.get("/deliveries/{delivery_id}/events", summary="Its events, in order")
    def events(delivery_id: DeliveryId, after: Offset = 0, limit: Limit = 500) -> EventList:
        return EventList.model_validate(record.events(delivery_id, after, limit))

    @router.get(
        "/deliveries/{delivery_id}/telemetry/{beam}",
        summary="The samples of a beam, as JSON or Parquet",
        response_model=Telemetry,
        responses={200: {"content": _binary(PARQUET)[200]["content"]}},
    )
    def telemetry(
        delivery_id: DeliveryId,
        beam: Number,
        every: Every = 1,
        columns: Columns = "",
        accept: Annotated[str, Header(max_length=500)] = "",
    ) -> Response:
        if PARQUET in accept:
            content = record.telemetry_file(delivery_id, beam)
            named = f'attachment; filename="{delivery_id}_beam_{beam}.parquet"'
            return Response(content, 200, {"Content-Disposition": named}, PARQUET)
        names = [name for name in columns.split(",") if name]
        found = Telemetry.model_validate(record.telemetry(delivery_id, beam, every, names))
        return Response(found.model_dump_json(), media_type="application/json")

    @router.get(
        "/deliveries/{delivery_id}/errors/{beam}",
        summary="Delivered minus planned, over meterset and by leaf",
        response_model=Curves,
    )
    def curves(delivery_id: DeliveryId, beam: Number) -> Response:
        found = Curves.model_validate(record.curves(delivery_id, beam))
        return Response(found.model_dump_json(), media_type="application/json")

    @router.get("/deliveries/{delivery_id}/images", summary="Its portal images")
    def images(delivery_id: DeliveryId) -> ImageList:
        return ImageList.model_validate(record.images(delivery_id))

    @router.get(
        "/deliveries/{delivery_id}/images/{image}.png",
        summary="A frame of an image, windowed",
        response_class=Response,
        responses=_binary("image/png"),
    )
    def picture(
        delivery_id: DeliveryId,
        image: Number,
        frame: Annotated[int, Query(ge=1, le=100_000)] = 1,
        low: Value = None,
        high: Value = None,
    ) -> Response:
        content = record.picture(delivery_id, image, frame, low, high)
        return Response(content, media_type="image/png")

    @router.get(
        "/deliveries/{delivery_id}/images/{image}.dcm",
        summary="An image as DICOM",
        response_class=Response,
        responses=_file(DICOM),
    )
    def image_file(delivery_id: DeliveryId, image: Number) -> Response:
        return _download(record.image_file(delivery_id, image))

    @router.get("/deliveries/{delivery_id}/files", summary="Its files")
    def files(delivery_id: DeliveryId) -> FileList:
        return FileList.model_validate(record.files(delivery_id))

    @router.get(
        "/deliveries/{delivery_id}/files/{name}",
        summary="A file",
        response_class=Response,
        responses=_file(*FILES, json={}),
    )
    def file(delivery_id: DeliveryId, name: FileName) -> Response:
        return _download(record.file(delivery_id, name))

    @router.get(
        "/deliveries/{delivery_id}/report",
        summary="The report, a page by itself",
        response_class=Response,
        responses=_file("text/html"),
    )
    def report(delivery_id: DeliveryId) -> Response:
        kept = record.file(delivery_id, REPORT)
        headers = {"Content-Security-Policy": REPORT_POLICY, "X-Frame-Options": "SAMEORIGIN"}
        return FileResponse(kept.path, headers=headers, media_type="text/html; charset=utf-8")

    @router.get("/trends", summary="The error of an axis, delivery after delivery")
    def trend(
        axis: Annotated[str | None, Query(max_length=40)] = None, limit: Limit = 500
    ) -> Trend:
        return Trend.model_validate(record.trend(axis, limit))

    return router


def _download(kept: KeptFile) -> Response:
    """To be kept, never shown: what a file holds is not this service's page."""
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return FileResponse(kept.path, headers=headers, media_type=kept.media_type, filename=kept.name)
