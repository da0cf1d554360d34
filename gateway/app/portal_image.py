"""The ``image`` command: what portal images show by themselves."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.app.portal_rows import field_row, found_rows
from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.machines import load_machine
from gateway.configuration.panels import load_panel
from gateway.dicom.rt_image_reader import portal_images
from gateway.domain.errors import InputError
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.portal_image import PortalImage
from gateway.reconcile.portal.field import field_of, outline
from gateway.reconcile.portal.frame import BeamView
from gateway.reconcile.portal.kinds import ImageKind, kind_of
from gateway.reconcile.portal.model import travel_of
from gateway.reconcile.portal.problems import Unmeasurable
from gateway.reconcile.portal.survey import survey
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Files, and what is known beside them. Without a machine leaves are not measured.

    Without a panel the configured one whose pixels are nearest in size gives the blur.
    """

    paths: Sequence[Path]
    machine: str | None
    panel: str | None
    assumptions: Sequence[ImageAssumptions]


def look_at_images(request: ImageRequest, settings: Settings) -> Iterator[dict[str, Any]]:
    """What each frame of each file shows. Raises ConfigError, InputError naming the file."""
    roots = config_roots(settings.site)
    machine = None if request.machine is None else load_machine(request.machine, roots)
    names = config_files("panels", roots) if request.panel is None else (request.panel,)
    panels = [load_panel(name, roots) for name in names]
    assumptions = (*request.assumptions, *_of_names(request, machine, panels))
    for path in request.paths:
        for number, image in enumerate(portal_images(path, assumptions), start=1):
            try:
                shown = _shown(image, machine, _nearest(panels, image))
            except Unmeasurable as problem:
                raise InputError(f"{path}: frame {number}: {problem}") from problem
            yield {"file": str(path), "frame": number, **shown}


def _of_names(
    request: ImageRequest, machine: MachineModel | None, panels: Sequence[PanelModel]
) -> Iterator[ImageAssumptions]:
    """What a named machine and panel are configured with: for what an image does not state."""
    if machine is not None:
        yield ImageAssumptions(f"machine {machine.name}", sad_mm=machine.sad_mm)
    if request.panel is not None:
        (panel,) = panels
        yield ImageAssumptions(f"panel {panel.name}", sid_mm=panel.sid_mm, pitch_mm=panel.pitch_mm)


def _nearest(panels: Sequence[PanelModel], image: PortalImage) -> PanelModel:
    """The panel with the most similar pixels; of several alike, as many rows."""
    pitch, rows = image.geometry.pitch_mm[0], image.pixels.shape[0]
    return min(
        panels,
        key=lambda panel: (round(abs(math.log(panel.pitch_mm / pitch)), 2), abs(panel.rows - rows)),
    )


def _shown(image: PortalImage, machine: MachineModel | None, panel: PanelModel) -> dict[str, Any]:
    travel = "X" if machine is None else travel_of(machine)
    looked = survey(BeamView.of(image, travel), image.collimator_deg)
    field = field_of(outline(looked))
    kind = kind_of(looked, field)
    place = image.geometry
    told: dict[str, Any] = {
        "kind": kind.value,
        "rows": image.pixels.shape[0],
        "columns": image.pixels.shape[1],
        "unit": image.unit,
        "sid_mm": place.sid_mm,
        "pitch_mm": place.pitch_mm[0],
        "gantry_deg": image.gantry_deg,
        "stated_collimator_deg": image.collimator_deg,
        "assumed": dict(place.assumed),
        **field_row(field),
    }
    if kind is ImageKind.PICKET_FENCE:  # the outermost pickets are no field
        told["edges_mm"] = told["centre_mm"] = None
    try:
        return told | found_rows(kind, image, machine, panel, looked)
    except Unmeasurable as problem:
        return told | {"note": str(problem)}
