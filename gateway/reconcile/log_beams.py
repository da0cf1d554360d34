"""Which beam of a plan a beam of a log is: by name, gantry and meterset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.domain.plan import Beam, TreatmentPlan
from gateway.domain.trajectory import Trajectory
from gateway.domain.units import wrap_degrees

GANTRY_DEG = 2.0
"""How far from its plan a gantry may stand and still be that beam's: other beams are farther."""
METERSET_MU = 0.5
METERSET_SHARE = 0.02
"""A meterset this near is that beam's (TG-142: output within 2 %)."""


@dataclass(frozen=True, slots=True)
class LoggedBeam:
    """One beam of a log. ``name`` is empty where the log tells none.

    ``resolution_mu`` is how finely the log counts dose; None: it counts shares of it.
    """

    source: str
    name: str
    trajectory: Trajectory
    resolution_mu: float | None

    @property
    def meterset_mu(self) -> float:
        """At its end."""
        return float(self.trajectory.meterset_mu.max())


def choose_group(
    plans: Mapping[int, TreatmentPlan], logged: Sequence[LoggedBeam]
) -> tuple[int, Mapping[int, LoggedBeam]]:
    """The fraction group that the logs are of, and its beams with their logs.

    Of several groups the one whose metersets are those of every log. Raises InputError in one
    line where none fits, or more than one.
    """
    if len(plans) == 1:
        ((number, plan),) = plans.items()
        return number, match_beams(tuple(plan.beams.values()), logged)
    fitting: dict[int, Mapping[int, LoggedBeam]] = {}
    for number, plan in plans.items():
        try:
            matched = match_beams(tuple(plan.beams.values()), logged)
        except InputError:
            continue
        if all(_same_meterset(plan.beams[beam], one) for beam, one in matched.items()):
            fitting[number] = matched
    if len(fitting) == 1:
        ((number, matched),) = fitting.items()
        return number, matched
    metersets = ", ".join(f"{one.meterset_mu:.2f}" for one in logged)
    groups = ", ".join(map(str, fitting or plans))
    which = "more than one fraction group" if fitting else "no fraction group alone"
    raise InputError(
        f"{which} of the plan has beams of {metersets} MU; name one with --fraction-group: {groups}"
    )


def match_beams(beams: Sequence[Beam], logged: Sequence[LoggedBeam]) -> Mapping[int, LoggedBeam]:
    """Every log beam by the number of its plan beam. Raises InputError where that is not sure."""
    found: dict[int, LoggedBeam] = {}
    for one in logged:
        beam = _only_beam(beams, one)
        if beam.number in found:
            other = found[beam.number].source
            raise InputError(f"{one.source} and {other} both look like beam {beam.number}")
        found[beam.number] = one
    return found


def _only_beam(beams: Sequence[Beam], one: LoggedBeam) -> Beam:
    fitting = [beam for beam in beams if _has_the_leaves(beam, one)]
    name = one.name.strip()
    named = [beam for beam in fitting if name and beam.name.strip() == name]
    if len(named) == 1:
        return named[0]
    possible = [
        beam
        for beam in named or fitting
        if _same_gantry(beam, one.trajectory) and not _too_much(beam, one)
    ]
    if not possible:
        raise InputError(f"{one.source}: no beam of the plan is like it ({_told(one)})")
    left = [beam for beam in possible if _same_meterset(beam, one)] or possible
    if len(left) > 1:
        which = ", ".join(f"{beam.number} ({beam.name})" for beam in left)
        raise InputError(
            f"{one.source} ({_told(one)}) may be any of the plan's beams {which}: "
            "neither name, gantry nor meterset tells which"
        )
    return left[0]


def _has_the_leaves(beam: Beam, one: LoggedBeam) -> bool:
    logged = one.trajectory.leaves
    shared = [device for device in beam.leaves if device in logged]
    if not shared:
        return not (beam.leaves and logged)
    return all(logged[device].shape[1] == beam.leaves[device].shape[1] for device in shared)


def _same_gantry(beam: Beam, trajectory: Trajectory) -> bool:
    stated, logged = beam.axes.get(Axis.GANTRY), trajectory.axes.get(Axis.GANTRY)
    if stated is None or logged is None:
        return True
    dose = np.flatnonzero(np.diff(trajectory.meterset_mu) > 0)
    first = int(dose[0]) + 1 if dose.size else 0
    off_deg = wrap_degrees(np.array([logged[first] - stated[0]]))
    return bool(np.abs(off_deg)[0] <= GANTRY_DEG)


def _too_much(beam: Beam, one: LoggedBeam) -> bool:
    if one.resolution_mu is None:
        return False
    return one.meterset_mu > beam.meterset_mu + _slack_mu(beam)


def _same_meterset(beam: Beam, one: LoggedBeam) -> bool:
    if one.resolution_mu is None:
        return True
    return abs(one.meterset_mu - beam.meterset_mu) <= _slack_mu(beam)


def _slack_mu(beam: Beam) -> float:
    return max(METERSET_MU, METERSET_SHARE * beam.meterset_mu)


def _told(one: LoggedBeam) -> str:
    gantry = one.trajectory.axes.get(Axis.GANTRY)
    dose = "shares of dose" if one.resolution_mu is None else f"{one.meterset_mu:.2f} MU"
    words = [f"named {one.name!r}" if one.name else "", dose]
    if gantry is not None:
        dose_at = np.flatnonzero(np.diff(one.trajectory.meterset_mu) > 0)
        first = int(dose_at[0]) + 1 if dose_at.size else 0
        words.append(f"gantry {gantry[first] % 360.0:.1f} deg")
    return ", ".join(word for word in words if word)
