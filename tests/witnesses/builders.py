"""Beams with three witnesses whose faults are known: a plan, a log, and an image with noise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import MachineModel, PanelModel
from gateway.domain.portal_image import ImageGeometry, PortalImage
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import FloatArray, frozen, frozen_flags
from gateway.domain.witnesses import ImageWitness, MissingSpan
from gateway.imaging import Detector, FluenceAccumulator
from gateway.reconcile.witnesses.exposures import exposures_of
from tests.imaging.builders import PANEL, SINGLE

SMALL = replace(PANEL, rows=190, columns=200)
MU = 100.0
READOUTS = 100
LOG_NOISE_MM = 0.02
FINE = 0.05
"""The simulated panel sees the path in steps of 0.05 mm: far finer than the estimate does."""


@dataclass(frozen=True)
class Beam:
    """A plan: positions (n, layout.size) at metersets that ascend evenly."""

    machine: MachineModel
    positions: FloatArray
    panel: PanelModel = SMALL
    stated_mm: float = 0.045
    """The largest uncertainty of any of a leaf's three differences: the logger's, its timing's."""

    @property
    def meterset_mu(self) -> FloatArray:
        return np.linspace(0.0, MU, len(self.positions))

    def column(self, device: str, bank: str, leaf: int) -> int:
        place = self.machine.layout.mlc_slices[device]
        side = 0 if bank.endswith("1") else self.machine.mlcs[device].pairs
        return place.start + side + leaf - 1

    def trajectory(self, offsets: FloatArray | float = 0.0, source: str = "plan") -> Trajectory:
        layout, count = self.machine.layout, len(self.positions)
        positions = self.positions + offsets
        return Trajectory(
            beam_number=1,
            source=source,
            time_s=frozen(0.02 * np.arange(count)),
            meterset_mu=frozen(self.meterset_mu),
            control_point=frozen(np.arange(count)),
            axes={axis: frozen(positions[:, i]) for i, axis in enumerate(layout.scalars)},
            leaves={name: frozen(positions[:, at]) for name, at in layout.mlc_slices.items()},
            beam_on=frozen_flags(np.ones(count)),
            held=frozen_flags(np.zeros(count)),
        )


@dataclass(frozen=True)
class Faults:
    """Offsets by column: what the machine did and logged, what it did unseen, what it only logged.

    ``panel_mm`` is where the panel stood, ``output`` what a MU gave less 1, ``missing`` what is in
    no frame.
    """

    seen: Mapping[int, float] = field(default_factory=dict)
    unseen: Mapping[int, float] = field(default_factory=dict)
    logged: Mapping[int, float] = field(default_factory=dict)
    panel_mm: tuple[float, float] = (0.0, 0.0)
    output: float = 0.0
    missing: tuple[MissingSpan, ...] = ()


@dataclass(frozen=True)
class Witnessed:
    planned: Trajectory
    logged: Trajectory
    image: ImageWitness


def _offsets(beam: Beam, *parts: Mapping[int, float]) -> FloatArray:
    offsets = np.zeros(beam.machine.layout.size)
    for part in parts:
        for column, offset in part.items():
            offsets[column] += offset
    return offsets


def witnessed(beam: Beam, faults: Faults, seed: int) -> Witnessed:
    """Deliver ``beam`` with ``faults``; noise by ``seed``."""
    random = np.random.default_rng(seed)
    noise = random.normal(0.0, LOG_NOISE_MM, beam.positions.shape)
    logged = beam.trajectory(_offsets(beam, faults.seen, faults.logged) + noise, "log")
    true = beam.trajectory(_offsets(beam, faults.seen, faults.unseen))
    fluence = FluenceAccumulator(beam.machine, beam.panel, panel_shift_mm=faults.panel_mm)
    ends = [0.0, *(mu for gap in faults.missing for mu in (gap.start_mu, gap.end_mu)), MU]
    spans = list(zip(ends[::2], ends[1::2], strict=True))
    exposures = exposures_of(true, beam.machine.layout, spans, FINE)
    fluence.add(exposures.positions, exposures.meterset_mu * (1.0 + faults.output))
    frame = Detector(beam.panel, seed).frame(fluence.take(), readouts=READOUTS)
    return Witnessed(
        beam.trajectory(),
        logged,
        ImageWitness(
            image=PortalImage(frame.pixels * frame.cu_per_count, "CU", geometry(beam)),
            machine=beam.machine,
            panel=beam.panel,
            mode="6X",
            start_mu=0.0,
            end_mu=MU,
            readouts=READOUTS,
            cu_per_count=frame.cu_per_count,
            missing=faults.missing,
        ),
    )


def geometry(beam: Beam) -> ImageGeometry:
    panel = beam.panel
    first = (-0.5 * (panel.columns - 1) * panel.pitch_mm, 0.5 * (panel.rows - 1) * panel.pitch_mm)
    return ImageGeometry((panel.pitch_mm, panel.pitch_mm), first, panel.sid_mm, beam.machine.sad_mm)


def _start(machine: MachineModel, rows: int, jaw_mm: float, collimator_deg: float) -> FloatArray:
    positions = np.zeros((rows, machine.layout.size))
    scalars = machine.layout.scalars
    positions[:, scalars.index(Axis.COLLIMATOR)] = collimator_deg
    for axis, side in ((Axis.X1, -1), (Axis.X2, 1), (Axis.Y1, -1), (Axis.Y2, 1)):
        if axis in scalars:
            positions[:, scalars.index(axis)] = side * jaw_mm
    return positions


Shape = Callable[[np.random.Generator, FloatArray, int], tuple[FloatArray, FloatArray]]


def _beam(shape: Shape, rows: int, seed: int, machine: MachineModel, collimator_deg: float) -> Beam:
    random = np.random.default_rng(1000 + seed)
    positions = _start(machine, rows, 36.0, collimator_deg)
    way = np.linspace(0.0, 1.0, rows)[:, np.newaxis]
    for device, place in machine.layout.mlc_slices.items():
        negative, positive = shape(random, way, machine.mlcs[device].pairs)
        positions[:, place] = np.hstack((negative, positive))
    return Beam(machine, positions)


def static(seed: int = 0, machine: MachineModel = SINGLE, collimator_deg: float = 0.0) -> Beam:
    """An open field whose leaves stand unevenly."""

    def shape(
        random: np.random.Generator, way: FloatArray, pairs: int
    ) -> tuple[FloatArray, FloatArray]:
        rows = len(way)
        negative = np.tile(random.uniform(-30.0, -15.0, pairs), (rows, 1))
        return negative, np.tile(random.uniform(12.0, 30.0, pairs), (rows, 1))

    return _beam(shape, 2, seed, machine, collimator_deg)


def window(seed: int = 0, machine: MachineModel = SINGLE, collimator_deg: float = 0.0) -> Beam:
    """Every pair sweeps with a gap of its own of 8 to 14 mm."""

    def shape(
        random: np.random.Generator, way: FloatArray, pairs: int
    ) -> tuple[FloatArray, FloatArray]:
        gap = random.uniform(8.0, 14.0, pairs)
        negative = -28.0 + 44.0 * way + random.uniform(-2.0, 2.0, pairs)
        return negative, negative + gap

    beam = _beam(shape, 240, seed, machine, collimator_deg)
    return replace(beam, stated_mm=0.075)


def breathing(seed: int = 0, machine: MachineModel = SINGLE, collimator_deg: float = 0.0) -> Beam:
    """As in an arc: pairs go to and fro, each in its own time."""

    def shape(
        random: np.random.Generator, way: FloatArray, pairs: int
    ) -> tuple[FloatArray, FloatArray]:
        middle = 8.0 * np.sin(4.0 * np.pi * way + random.uniform(0.0, 2.0 * np.pi, pairs))
        half = 7.0 + 2.0 * np.cos(6.0 * np.pi * way)
        return middle - half, middle + half

    return _beam(shape, 120, seed, machine, collimator_deg)


def jaws_only(machine: MachineModel) -> Beam:
    """A field of a machine that has no leaves."""
    return Beam(machine, _start(machine, 2, 30.0, 0.0))
