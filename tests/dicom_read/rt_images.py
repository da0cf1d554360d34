"""RT Images to be read back: written, changed, refused."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pydicom
import pytest

from gateway.dicom.rt_image_reader import portal_images
from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.domain.errors import InputError
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.portal_image import PortalImage
from gateway.planning.generate import generate
from tests.dicom_read.builders import encoded
from tests.dicom_write.builders import PANEL, context, frame, recorded
from tests.generate.machines import M120

Change = Callable[[pydicom.Dataset], object]
VALUES_A_FRAME = PANEL.rows * PANEL.columns


@cache
def plan_and_beam() -> tuple[TreatmentPlan, Beam]:
    plan = generate("vmat", M120, seed=2)
    return plan, next(iter(plan.beams.values()))


@cache
def single() -> bytes:
    plan, beam = plan_and_beam()
    return integrated_image(context(plan), recorded(beam), frame(beam), 1)


@cache
def cine() -> bytes:
    plan, beam = plan_and_beam()
    frames = [frame(beam, number, 5) for number in range(1, 6)]
    (content,) = cine_images(context(plan), recorded(beam), frames, 1)
    return content


def written(folder: Path, content: bytes) -> Path:
    path = folder / "image.dcm"
    path.write_bytes(content)
    return path


def changed(folder: Path, change: Change, content: bytes | None = None) -> Path:
    dataset = pydicom.dcmread(io.BytesIO(single() if content is None else content))
    with pydicom.config.disable_value_validation():
        change(dataset)
    return written(folder, encoded(dataset))


def one(path: Path, *assumptions: ImageAssumptions) -> PortalImage:
    (image,) = portal_images(path, assumptions)
    return image


def refusal(path: Path, *assumptions: ImageAssumptions) -> str:
    with pytest.raises(InputError) as refused:
        list(portal_images(path, assumptions))
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text
