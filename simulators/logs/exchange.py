"""The fault ``wrong-log``: the machine leaves another log in place of a beam's own."""

import re
from dataclasses import replace

import numpy as np

from gateway.formats.trajectory_log import LogAxis, TrajectoryLog
from gateway.formats.trajectory_log.log import SnapshotArray
from gateway.formats.trajectory_log.motion import CARRIAGES
from simulators.faults import FaultSpec
from simulators.ground_truth import Entry
from simulators.linac.program import Program

OTHER_PLAN = b"OTHER PLAN"
_ASIDE_CM = 1.0


class LogExchange:
    """Which log is left: its own, that of the beam before it, or, of the first, another plan's."""

    def __init__(self, spec: FaultSpec, entry: Entry) -> None:
        self._beam = spec.integer("beam")
        self._entry = entry
        self._before: int | None = None
        self._last: TrajectoryLog | None = None

    def bind(self, program: Program) -> None:
        """A program was loaded."""
        self._entry.bound |= self._beam in (None, program.beam_number)

    def ends(self, beam_number: int) -> bool:
        """A beam has ended; whether its log is to be exchanged."""
        if self._beam is None:
            self._beam = beam_number
        before, self._before = self._before, beam_number
        if beam_number != self._beam:
            return False
        of = "another plan" if before is None else f"beam {before}"
        self._entry.note(injected=True, beam=beam_number, log_of=of)
        return True

    def instead(self, own: TrajectoryLog, *, exchanged: bool) -> TrajectoryLog:
        """What is written where ``own`` should be."""
        last, self._last = self._last, own
        if not exchanged:
            return own
        return of_another_plan(own) if last is None else last


def of_another_plan(log: TrajectoryLog) -> TrajectoryLog:
    """As if of a plan whose fields are those of ``log`` mirrored in X and 10 mm farther in X."""
    return replace(
        log,
        expected=_mirrored(log, log.expected),
        actual=_mirrored(log, log.actual),
        header=re.sub(rb"BeamName:\t[^\r]*", b"BeamName:\t" + OTHER_PLAN, log.header),
        sub_beams=tuple(replace(beam, encoded_name=OTHER_PLAN) for beam in log.sub_beams),
    )


def _mirrored(log: TrajectoryLog, values: SnapshotArray) -> SnapshotArray:
    """Sides are logged outwards: X1 and bank B negated. What was open to X2 now is to X1."""
    mirrored = values.copy()
    columns = log.columns
    if LogAxis.X1 in columns and LogAxis.X2 in columns:
        one, two = columns[LogAxis.X1], columns[LogAxis.X2]
        mirrored[:, one] = values[:, two] - _ASIDE_CM
        mirrored[:, two] = values[:, one] + _ASIDE_CM
    leaves = columns[LogAxis.MLC]
    first = leaves.start + CARRIAGES
    bank_a, bank_b = np.split(values[:, first : leaves.stop], 2, axis=1)
    mirrored[:, first : leaves.stop] = np.hstack((bank_b + _ASIDE_CM, bank_a - _ASIDE_CM))
    return mirrored
