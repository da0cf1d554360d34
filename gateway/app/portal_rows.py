"""What was measured in a portal image as rows for people and programs, mm and degree."""

import math
from typing import Any

import numpy as np

from gateway.domain.axes import banks
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.measured_image import Measured, MeasuredBall, MeasuredField
from gateway.domain.portal_image import PortalImage
from gateway.domain.units import FloatArray
from gateway.reconcile.portal.ball import find_ball
from gateway.reconcile.portal.kinds import ImageKind
from gateway.reconcile.portal.leaves import measure_leaves
from gateway.reconcile.portal.model import only_mlc
from gateway.reconcile.portal.picket_tips import calibrated_fence
from gateway.reconcile.portal.pickets import measure_picket_fence
from gateway.reconcile.portal.survey import Survey

DIGITS = 4
NO_MACHINE = "give --machine NAME to have the leaves measured"


def field_row(field: MeasuredField) -> dict[str, Any]:
    """Angle, straight sides and centre."""
    centre = field.centre_mm
    return {
        "collimator_deg": _measured(field.collimator_deg),
        "edges_mm": {axis.value: _measured(edge) for axis, edge in field.edges_mm.items()},
        "centre_mm": None if centre is None else [_measured(one) for one in centre],
    }


def found_rows(
    kind: ImageKind,
    image: PortalImage,
    machine: MachineModel | None,
    panel: PanelModel,
    looked: Survey,
) -> dict[str, Any]:
    """What the kind of image has beside its field. Raises Unmeasurable."""
    if kind is ImageKind.BALL:
        return _ball_rows(find_ball(looked))
    if kind is ImageKind.OPEN_FIELD:
        return {}
    if machine is None:
        return {"note": NO_MACHINE}
    if kind is ImageKind.PICKET_FENCE:
        return _picket_rows(image, machine, panel)
    return _leaf_rows(image, machine, panel)


def _ball_rows(ball: MeasuredBall | None) -> dict[str, Any]:
    if ball is None:
        return {}
    return {
        "ball": {
            "x_mm": _measured(ball.x_mm),
            "y_mm": _measured(ball.y_mm),
            "diameter_mm": _number(ball.diameter_mm),
        }
    }


def _leaf_rows(image: PortalImage, machine: MachineModel, panel: PanelModel) -> dict[str, Any]:
    seen = measure_leaves(image, machine, panel)
    rows = [
        {
            "leaf": int(pair),
            "X1_mm": _number(low),
            "X1_u": _number(low_u),
            "X2_mm": _number(high),
            "X2_u": _number(high_u),
        }
        for pair, low, low_u, high, high_u in zip(
            seen.pairs, seen.low_mm, seen.low_u, seen.high_mm, seen.high_u, strict=True
        )
    ]
    return {
        "collimator_deg": _measured(seen.collimator_deg),
        "device": seen.device,
        "panel": panel.name,
        "offset_mm": _number(seen.offset_mm),
        "leaves": rows,
    }


def _picket_rows(image: PortalImage, machine: MachineModel, panel: PanelModel) -> dict[str, Any]:
    edges = measure_picket_fence(image, only_mlc(machine))
    seen = calibrated_fence(image, machine, panel, edges)
    errors = np.abs(seen.centre_error_mm)
    tips = np.stack([seen.low_error_mm, seen.high_error_mm])
    bank, *worst = np.unravel_index(int(np.nanargmax(np.abs(tips))), tips.shape)
    rows = [
        {
            "leaf": int(pair),
            "centre_mm": [_number(one) for one in seen.centre_mm[place]],
            "error_mm": [_number(one) for one in seen.centre_error_mm[place]],
            "X1_mm": [_number(one) for one in seen.low_mm[place]],
            "X2_mm": [_number(one) for one in seen.high_mm[place]],
            "X1_error_mm": [_number(one) for one in seen.low_error_mm[place]],
            "X2_error_mm": [_number(one) for one in seen.high_error_mm[place]],
            "worst_mm": _number(_worst(seen.centre_error_mm[place])),
            "rms_mm": _number(float(np.sqrt(np.nanmean(errors[place] ** 2)))),
        }
        for place, pair in enumerate(seen.pairs)
    ]
    return {
        "collimator_deg": _measured(seen.collimator_deg),
        "device": seen.device,
        "panel": panel.name,
        "pickets_mm": [
            _measured(Measured(float(place), float(u)))
            for place, u in zip(seen.picket_mm, seen.picket_u, strict=True)
        ],
        "gap_mm": _number(float(np.nanmedian(seen.high_mm - seen.low_mm))),
        "worst": {
            "leaf": int(seen.pairs[worst[0]]),
            "bank": banks(seen.device)[int(bank)],
            "picket": int(worst[1]) + 1,
            "error_mm": _number(float(tips[bank, worst[0], worst[1]])),
        },
        "leaves": rows,
    }


def _worst(errors: FloatArray) -> float:
    return float(errors[int(np.nanargmax(np.abs(errors)))])


def _measured(one: Measured) -> dict[str, float | None]:
    return {"value": _number(one.value), "u": _number(one.u)}


def _number(value: float) -> float | None:
    """JSON has no NaN: what was not measured is null."""
    return None if math.isnan(value) else round(float(value), DIGITS)
