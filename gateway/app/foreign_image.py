"""Portal images given as files, as third witnesses of the beams that they belong to."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gateway.app.image_match import SeenImage, match_images
from gateway.app.stored_image import count_step
from gateway.app.summary import cause_row, witness_rows
from gateway.configuration.locate import config_files, config_roots
from gateway.configuration.panels import load_panel
from gateway.dicom.rt_image_reader import portal_images
from gateway.domain.cause import Cause
from gateway.domain.errors import InputError
from gateway.domain.evidence import WitnessedBeam
from gateway.domain.image_assumptions import ImageAssumptions
from gateway.domain.machine import BeamMode, MachineModel, PanelModel
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.portal_image import PortalImage
from gateway.domain.reconciliation import Tolerances, Verdict
from gateway.domain.room import Room
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, frozen
from gateway.domain.witnesses import Diagnosis, ImageWitness, WitnessMatrix
from gateway.planning.modes import dose_rate_mu_per_min, mode_of
from gateway.reconcile.witnessed import witness_attributions
from gateway.settings import Settings

_PITCH_SLACK = 0.01
"""Panels whose pixels differ by less are alike."""
_SAD_SLACK_MM = 1.0
_BRIGHT = 0.5
"""Counts are scaled where more than this part of the brightest signal is expected."""


@dataclass(frozen=True, slots=True)
class ForeignImages:
    """Image files, and what is given of their geometry."""

    paths: tuple[Path, ...]
    assumptions: tuple[ImageAssumptions, ...] = ()


@dataclass(frozen=True, slots=True)
class _Calibrated:
    image: PortalImage
    step: float
    output_judged: bool


def image_rows(
    asked: ForeignImages,
    plan: TreatmentPlan,
    beams: Sequence[WitnessedBeam],
    room: Room,
    tolerances: Tolerances,
    settings: Settings,
) -> list[dict[str, Any]]:
    """What each image says of its beam, as JSON. Raises InputError in one line."""
    seen = [_seen(path, (*asked.assumptions, *_of_room(room))) for path in asked.paths]
    rows = []
    for beam, one, why in match_images(plan, beams, seen):
        try:
            rows.append(_row(beam, one, why, room, tolerances, settings))
        except (ValueError, np.linalg.LinAlgError) as problem:
            raise InputError(f"{one.path}: cannot be compared: {problem}") from problem
    return rows


def _of_room(room: Room) -> Iterator[ImageAssumptions]:
    panel = room.panel
    yield ImageAssumptions(f"machine {room.machine.name}", sad_mm=room.machine.sad_mm)
    yield ImageAssumptions(f"panel {panel.name}", sid_mm=panel.sid_mm, pitch_mm=panel.pitch_mm)


def _seen(path: Path, assumptions: Sequence[ImageAssumptions]) -> SeenImage:
    """The sum of a file's frames."""
    total: FloatArray | None = None
    metersets_mu: list[float | None] = []
    step = 0.0
    for image in portal_images(path, assumptions):
        if total is None:
            total, step = np.array(image.pixels), count_step(image.pixels)
        else:
            total += image.pixels
        metersets_mu.append(image.meterset_mu)
    if total is None:
        raise InputError(f"{path}: has no frame")
    stated = [mu for mu in metersets_mu if mu is not None]
    meterset_mu = sum(stated) if len(stated) == len(metersets_mu) else None
    summed = replace(image, pixels=frozen(total), meterset_mu=meterset_mu or None)
    return SeenImage(path, summed, len(metersets_mu), step)


def _row(
    beam: WitnessedBeam,
    seen: SeenImage,
    matched_by: str,
    room: Room,
    tolerances: Tolerances,
    settings: Settings,
) -> dict[str, Any]:
    logged, witness_name = _logged(beam)
    _refuse_other_machines(beam, logged, room.machine, seen.path)
    mode = _mode(beam.beam, room.machine, seen.path)
    panel = _panel(seen, room, settings)
    start_mu, end_mu = beam.start_meterset_mu, beam.end_meterset_mu
    stated_mu = seen.image.meterset_mu
    witness = ImageWitness(
        image=_centred(seen.image),
        machine=room.machine,
        panel=panel,
        mode=mode.name,
        start_mu=start_mu,
        end_mu=end_mu if stated_mu is None else start_mu + stated_mu,
        readouts=_readouts(beam.beam, logged, mode, panel),
        cu_per_count=seen.step,
        frames=seen.frames,
    )
    made = _calibrated(witness, logged, seen)
    matrix = _compared(replace(witness, image=made.image, cu_per_count=made.step),
                       beam.planned, logged, made, tolerances)  # fmt: skip
    causes: list[Cause] = [item.cause for item in witness_attributions(matrix, tolerances)]
    told = witness_rows(matrix) or {}
    return {
        "beam": beam.beam.number,
        "name": beam.beam.name,
        "file": seen.path.name,
        "frames": seen.frames,
        "matched_by": matched_by,
        "verdict": (Verdict.FAIL if causes else Verdict.PASS).value,
        "against": witness_name,
        "unit": seen.image.unit,
        "output_judged": made.output_judged,
        "meterset_mu": [round(witness.start_mu, 6), round(witness.end_mu, 6)],
        "meterset_from": "plan" if stated_mu is None else "image",
        "panel": panel.name,
        "mode": mode.name,
        "assumed": dict(seen.image.geometry.assumed),
        **told,
        "causes": [cause_row(cause) for cause in causes],
    }


def _logged(beam: WitnessedBeam) -> tuple[Trajectory, str]:
    """The best that is known of what the machine did; without any the plan stands in."""
    if beam.log is not None:
        return beam.log, "log"
    if beam.telemetry is not None:
        return beam.telemetry, "telemetry"
    return beam.planned, "plan"


def _compared(
    witness: ImageWitness,
    planned: Trajectory,
    logged: Trajectory,
    made: _Calibrated,
    tolerances: Tolerances,
) -> WitnessMatrix:
    from gateway.reconcile.witnesses import compare_witnesses

    criteria = None if tolerances.gamma is None else tolerances.gamma.criteria
    matrix = compare_witnesses(planned, logged, witness, criteria)
    if made.output_judged:
        return matrix
    causes = tuple(one for one in matrix.causes if one.diagnosis is not Diagnosis.OUTPUT_CHANGE)
    rows = tuple(row for row in matrix.rows if row.diagnosis is not Diagnosis.OUTPUT_CHANGE)
    image = replace(matrix.image, passed=not causes)
    return replace(matrix, causes=causes, rows=rows, image=image)


def _calibrated(witness: ImageWitness, logged: Trajectory, seen: SeenImage) -> _Calibrated:
    """Counts become CU by what is predicted of the open field: output is then not judged."""
    image = witness.image
    if image.unit == "CU":
        return _Calibrated(image, seen.step, output_judged=True)
    from gateway.reconcile.witnesses.exposures import exposures_of
    from gateway.reconcile.witnesses.prediction import Predictor

    spans = [(witness.start_mu, witness.end_mu)]
    exposures = exposures_of(logged, witness.machine.layout, spans, 0.5)
    predicted = Predictor(witness.machine, witness.panel, witness.mode).image(exposures)
    bright = predicted > _BRIGHT * predicted.max(initial=0.0)
    measured = float(image.pixels[bright].sum())
    if not bright.any() or measured <= 0.0:
        raise InputError(f"{seen.path}: nothing where the beam's field should be")
    scale = float(predicted[bright].sum(dtype=np.float64)) / measured
    scaled = replace(image, pixels=frozen(image.pixels * scale), unit="CU")
    return _Calibrated(scaled, seen.step * scale, output_judged=False)


def _centred(image: PortalImage) -> PortalImage:
    """The image as a panel centred on the beam's axis sees it: that is what is predicted."""
    from gateway.reconcile.witnesses.prediction import shifted

    place = image.geometry
    rows, columns = image.pixels.shape
    dy, dx = place.pitch_mm
    centred = (-0.5 * (columns - 1) * dx, 0.5 * (rows - 1) * dy)
    x = place.panel_mm[0] + place.first_pixel_mm[0] - centred[0]
    y = place.panel_mm[1] + place.first_pixel_mm[1] - centred[1]
    geometry = replace(place, first_pixel_mm=centred, panel_mm=(0.0, 0.0))
    if max(abs(x) / dx, abs(y) / dy) < 1e-6:
        return replace(image, geometry=geometry)
    moved = shifted(image.pixels.astype(np.float32), -x / dx, y / dy)
    return replace(image, pixels=frozen(moved.astype(np.float64)), geometry=geometry)


def _panel(seen: SeenImage, room: Room, settings: Settings) -> PanelModel:
    """The room's where it has such pixels, else a configured one; it stands where the image says.

    Raises InputError where there is none.
    """
    place = seen.image.geometry
    if place.receptor_deg % 360.0 != 0.0:
        raise InputError(f"{seen.path}: the receptor is turned by {place.receptor_deg:g} degree")
    if abs(place.sad_mm - room.machine.sad_mm) > _SAD_SLACK_MM:
        raise InputError(
            f"{seen.path}: SAD {place.sad_mm:g} mm is not that of {room.machine.name}, "
            f"{room.machine.sad_mm:g} mm"
        )
    roots = config_roots(settings.site)
    pitch = place.pitch_mm[1]
    every = (room.panel, *(load_panel(name, roots) for name in config_files("panels", roots)))
    for panel in every:
        alike = abs(math.log(panel.pitch_mm / pitch)) < _PITCH_SLACK
        if alike and (panel.rows, panel.columns) == seen.image.pixels.shape:
            return replace(panel, sid_mm=place.sid_mm, pitch_mm=pitch)
    rows, columns = seen.image.pixels.shape
    raise InputError(
        f"{seen.path}: no configured panel has {rows} x {columns} pixels of {pitch:g} mm"
    )


def _mode(beam: Beam, machine: MachineModel, path: Path) -> BeamMode:
    """The plan's mode; else the machine's of that energy, however flattened."""
    mode = mode_of(beam, machine)
    if mode is not None:
        return mode
    for one in machine.beam_modes:
        if (one.radiation_type, one.nominal_energy) == (beam.radiation_type, beam.nominal_energy):
            return one
    raise InputError(
        f"{path}: {machine.name} has no {beam.radiation_type} of {beam.nominal_energy:g}, "
        f"which beam {beam.number} wants; see --room"
    )


def _readouts(beam: Beam, logged: Trajectory, mode: BeamMode, panel: PanelModel) -> int:
    """How often the panel was read while the beam was on: by the clock, else by the dose rate."""
    on = logged.time_s[np.asarray(logged.beam_on)]
    duration_s = float(on[-1] - on[0]) if on.size > 1 else math.nan
    if not duration_s > 0.0:
        duration_s = 60.0 * beam.meterset_mu / dose_rate_mu_per_min(beam, mode)
    return max(1, round(duration_s * panel.maximum_frame_rate_hz))


def _refuse_other_machines(
    beam: WitnessedBeam, logged: Trajectory, machine: MachineModel, path: Path
) -> None:
    wanted: Mapping[str, int] = {mlc.type: 2 * mlc.pairs for mlc in machine.mlcs.values()}
    for trajectory in (beam.planned, logged):
        has = {device: leaves.shape[1] for device, leaves in trajectory.leaves.items()}
        if any(wanted.get(device) != leaves for device, leaves in has.items()):
            raise InputError(
                f"{path}: {machine.name} has not the leaves of beam {beam.beam.number}; see --room"
            )
