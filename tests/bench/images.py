"""The RT Image that benchmarks send: a whole panel, 3.28 MB."""

from dataclasses import replace
from pathlib import Path

from gateway.dicom.rt_image_writer import integrated_image
from gateway.planning.generate import generate
from tests.dicom_write.builders import PANEL, context, frame, recorded
from tests.generate.machines import M120

PANEL_PIXELS = 1280


def large_image(folder: Path) -> Path:
    """An integrated image as a file."""
    plan = generate("open-field", M120, seed=1)
    beam = next(iter(plan.beams.values()))
    panel = replace(PANEL, rows=PANEL_PIXELS, columns=PANEL_PIXELS)
    path = folder / "image.dcm"
    path.write_bytes(
        integrated_image(context(plan, panel), recorded(beam), frame(beam, panel=panel), 1)
    )
    return path
