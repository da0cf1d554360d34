"""The control points of a delivered beam (PS3.3 C.8.8.21)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from gateway.dicom.accessory_items import add_wedge_positions
from gateway.dicom.control_point_motion import ANGLES, Motion, add_motion
from gateway.dicom.delivered_path import DeliveredPath, at_rows, delivered_path
from gateway.dicom.elements import date, ds, time
from gateway.dicom.recorded_motion import recorded_motion, recorded_positions
from gateway.domain.axes import Axis
from gateway.domain.plan import Beam
from gateway.domain.record import RecordedBeam
from gateway.domain.units import NS_PER_S, BoolArray, FloatArray

METERSET_DECIMALS = 6
SECONDS_PER_MINUTE = 60.0
ENERGY_UNITS = {"PHOTON": "MV", "ELECTRON": "MEV"}


@dataclass(frozen=True, slots=True)
class Passage:
    """When and how a session passed the plan's n control points.

    ``path`` and ``rows`` (n,) find what was measured there; ``time_ns`` (n,) is wall clock;
    ``dose_rate_mu_per_min`` (n,) belongs to the segment that begins at the control point, and
    ``moved`` (n,) tells whether the session went along that segment.
    """

    path: DeliveredPath | None
    rows: FloatArray
    time_ns: tuple[int, ...]
    dose_rate_mu_per_min: FloatArray
    moved: tuple[bool, ...]


def passage(recorded: RecordedBeam, fallback_ns: int) -> Passage:
    """How ``recorded`` went; ``fallback_ns`` stamps a beam that has no time of its own."""
    n = recorded.beam.control_point_count
    started = recorded.delivery.started_ns or fallback_ns
    ended = max(started, recorded.delivery.ended_ns)
    path = delivered_path(recorded)
    if path is None:
        times = (started, *(ended for _ in range(n - 1)))
        return Passage(None, np.zeros(n), times, np.zeros(n), (False,) * n)
    points = np.arange(n, dtype=np.float64)
    rows = path.rows_at_control_points(points)
    elapsed = path.wait_s + at_rows(path.time_s, rows) - path.time_s[0]
    return Passage(
        path=path,
        rows=rows,
        time_ns=tuple(started + round(seconds * NS_PER_S) for seconds in elapsed.tolist()),
        dose_rate_mu_per_min=_dose_rates(path, rows),
        moved=tuple(_moved(path, points).tolist()),
    )


def _moved(path: DeliveredPath, points: FloatArray) -> BoolArray:
    first, last = path.control_point[0], path.control_point[-1]
    moved: BoolArray = (first < points + 1.0) & (points < last)
    return moved


def _dose_rates(path: DeliveredPath, rows: FloatArray) -> FloatArray:
    delivered = np.diff(at_rows(path.meterset_mu, rows))
    on = np.diff(at_rows(path.on_time_s, rows))
    rate = np.divide(delivered, on, out=np.zeros_like(on), where=on > 0.0)
    return np.append(rate * SECONDS_PER_MINUTE, 0.0)


def control_point_items(recorded: RecordedBeam, fallback_ns: int, end_mu: float) -> list[Dataset]:
    """Items of Control Point Delivery Sequence, one per control point of the plan.

    ``end_mu`` is the beam's cumulative meterset when the session ended.
    """
    return list(_items(recorded, passage(recorded, fallback_ns), end_mu))


def _items(recorded: RecordedBeam, passed: Passage, end_mu: float) -> Iterator[Dataset]:
    beam = recorded.beam
    points = np.arange(beam.control_point_count, dtype=np.float64)
    stand = points if passed.path is None else at_rows(passed.path.control_point, passed.rows)
    axes, devices = recorded_positions(beam, passed.path, passed.rows, stand)
    specified = beam.meterset_weight * beam.meterset_mu
    delivered = delivered_metersets(recorded, passed, specified, end_mu)
    rate = beam.dose_rate_mu_per_min
    previous: Motion | None = None
    for index in range(beam.control_point_count):
        item = Dataset()
        item.ReferencedControlPointIndex = index
        item.TreatmentControlPointDate = date(passed.time_ns[index])
        item.TreatmentControlPointTime = time(passed.time_ns[index])
        item.SpecifiedMeterset = ds(round(float(specified[index]), METERSET_DECIMALS))
        item.DeliveredMeterset = ds(round(float(delivered[index]), METERSET_DECIMALS))
        item.DoseRateSet = "" if rate is None else ds(rate)
        item.DoseRateDelivered = ds(round(float(passed.dose_rate_mu_per_min[index]), 3))
        item.NominalBeamEnergy = ds(beam.nominal_energy)
        item.NominalBeamEnergyUnit = ENERGY_UNITS.get(beam.radiation_type, "MV")
        if index < len(beam.wedge_positions):
            add_wedge_positions(item, beam.wedge_positions[index])
        motion = recorded_motion(axes, devices, index, _directions(beam, passed, index))
        add_motion(item, motion, previous)
        previous = motion
        yield item


def delivered_metersets(
    recorded: RecordedBeam, passed: Passage, specified: FloatArray, end_mu: float
) -> FloatArray:
    """Cumulative meterset (MU) the machine had counted at each control point, ascending.

    Measured where there is telemetry: the session's start where it came from, ``end_mu`` where it
    did not go any more and at the last control point. A session without telemetry is taken to
    have followed ``specified`` (n,) between the two.
    """
    start_mu = recorded.delivery.start_meterset_mu
    end_mu = max(start_mu, end_mu)
    counted = specified
    if passed.path is not None:
        points = np.arange(specified.size)
        counted = at_rows(passed.path.meterset_mu, passed.rows)
        counted = np.where(points < passed.path.control_point[0], start_mu, counted)
        counted = np.where(points > passed.path.control_point[-1], end_mu, counted)
    delivered: FloatArray = np.clip(counted, start_mu, end_mu)
    delivered[-1] = end_mu
    return delivered


def _directions(beam: Beam, passed: Passage, index: int) -> dict[Axis, str]:
    if not passed.moved[index]:
        return {}
    return {axis: beam.rotation[axis][index] for axis in ANGLES if axis in beam.rotation}
