"""What an image is of, as it looks."""

from enum import StrEnum

from gateway.domain.axes import Axis
from gateway.domain.measured_image import MeasuredField
from gateway.reconcile.portal.ball import find_ball
from gateway.reconcile.portal.pickets import is_picket_fence
from gateway.reconcile.portal.survey import Survey

ALL_SIDES = frozenset({Axis.X1, Axis.X2, Axis.Y1, Axis.Y2})


class ImageKind(StrEnum):
    """What is to be measured in an image."""

    PICKET_FENCE = "picket fence"
    BALL = "ball bearing"
    OPEN_FIELD = "open field"
    MLC_FIELD = "MLC field"


def kind_of(looked: Survey, field: MeasuredField) -> ImageKind:
    """Pickets, a ball, four straight sides, or leaves.

    A rectangle that leaves make looks like one that jaws make: it counts as an open field.
    """
    if is_picket_fence(looked):
        return ImageKind.PICKET_FENCE
    if find_ball(looked) is not None:
        return ImageKind.BALL
    return ImageKind.OPEN_FIELD if set(field.edges_mm) >= ALL_SIDES else ImageKind.MLC_FIELD
