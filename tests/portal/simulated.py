"""Portal images of a simulated TrueBeam, their noise seeded, as images and as RT Image files."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from gateway.configuration.locate import config_roots
from gateway.configuration.machines import load_machine
from gateway.configuration.panels import load_panel
from gateway.dicom.rt_image_writer import integrated_image
from gateway.domain.axes import Axis
from gateway.domain.delivery import FrameKind, PanelIdentity, PortalFrame
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.units import FloatArray
from gateway.imaging import DetectedFrame, Detector, FluenceAccumulator
from gateway.planning.generate import generate
from tests.dicom_write.builders import context, recorded

MACHINE: MachineModel = load_machine("truebeam-m120", config_roots(None))
PANEL: PanelModel = load_panel("as1200", config_roots(None))
MLC = MACHINE.mlcs["MLCX"]
MIDDLES = 0.5 * (MLC.boundaries_mm[1:] + MLC.boundaries_mm[:-1])
READOUTS = 50


def row(
    jaws: tuple[float, float, float, float],
    low: FloatArray | float,
    high: FloatArray | float,
    collimator_deg: float = 0.0,
) -> FloatArray:
    """Positions of one sample: jaws X1, X2, Y1, Y2 and both banks."""
    where: Mapping[Axis, float] = {
        **dict(zip((Axis.X1, Axis.X2, Axis.Y1, Axis.Y2), jaws, strict=True)),
        Axis.COLLIMATOR: collimator_deg,
    }
    positions = np.array([where.get(axis, 0.0) for axis in MACHINE.layout.scalars])
    banks = (np.broadcast_to(bank, MLC.pairs) for bank in (low, high))
    return np.concatenate([positions, *banks])


def exposed(
    rows: FloatArray, mu: FloatArray | float, seed: int, panel: PanelModel = PANEL
) -> DetectedFrame:
    """What the panel makes of an exposure."""
    fluence = FluenceAccumulator(MACHINE, panel)
    rows = np.atleast_2d(rows)
    fluence.add(rows, np.broadcast_to(np.asarray(mu, np.float64), len(rows)))
    return Detector(panel, seed).frame(fluence.take(), readouts=READOUTS)


def image_of(
    frame: DetectedFrame, collimator_deg: float | None, panel: PanelModel = PANEL
) -> PortalImage:
    """The frame with where the machine believes that the panel stands."""
    first = (-0.5 * (panel.columns - 1) * panel.pitch_mm, 0.5 * (panel.rows - 1) * panel.pitch_mm)
    place = ImageGeometry((panel.pitch_mm,) * 2, first, panel.sid_mm, MACHINE.sad_mm)
    pixels = frame.pixels * frame.cu_per_count
    return PortalImage(pixels, "CU", place, collimator_deg=collimator_deg)


def shifted(image: PortalImage, x_mm: float, y_mm: float) -> PortalImage:
    """The same pixels, of a panel that stands elsewhere."""
    return replace(image, geometry=replace(image.geometry, panel_mm=(x_mm, y_mm)))


def file_of(path: Path, frame: DetectedFrame, panel: PanelModel = PANEL) -> Path:
    """The frame as the gateway's own RT Image."""
    plan = _plan()
    beam = next(iter(plan.beams.values()))
    portal = PortalFrame(
        FrameKind.INTEGRATED, beam.number, 1, 0, 10**9, 0.0, beam.meterset_mu,
        frame.cu_per_count, frame.saturated, frame.pixels,
    )  # fmt: skip
    identity = PanelIdentity(
        panel.manufacturer, panel.model_name, panel.serial_number, "1",
        panel.rows, panel.columns, panel.pitch_mm, panel.sid_mm, panel.bits,
    )  # fmt: skip
    path.write_bytes(integrated_image(context(plan, identity), recorded(beam), portal, 1))
    return path


@cache
def _plan():  # type: ignore[no-untyped-def]
    return generate("open-field", MACHINE)


def picket_fence(
    centres: FloatArray,
    gap_mm: float,
    jaws: tuple[float, float, float, float],
    errors: Mapping[tuple[str, int, int], float] | None = None,
    collimator_deg: float = 0.0,
) -> FloatArray:
    """A row of positions a picket; ``errors`` by bank (X1, X2), leaf from 1, picket from 0."""
    low = np.tile(centres[:, np.newaxis] - 0.5 * gap_mm, (1, MLC.pairs))
    high = low + gap_mm
    for (bank, leaf, picket), error in (errors or {}).items():
        (low if bank == "X1" else high)[picket, leaf - 1] += error
    return np.array([row(jaws, *banks, collimator_deg) for banks in zip(low, high, strict=True)])
