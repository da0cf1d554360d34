"""Faults that happen at a moment of a beam, or go on while it is on."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.room import CouchAxisMap
from simulators.faults import FaultSpec
from simulators.ground_truth import Entry
from simulators.injection.site import Site
from simulators.linac.messages import Event, Sample
from simulators.linac.program import UMU_PER_MU, Program
from simulators.linac.states import State

_GARBAGE_BYTES = 64
_NOTE_STEP_MM = 0.1


class Moment(Protocol):
    """Watches the linac's cycles, and acts."""

    def bind(self, program: Program) -> None:
        """A program was loaded."""
        ...

    def observe(self, sample: Sample, site: Site, /) -> list[Event]:
        """A cycle is over."""
        ...


class Trigger:
    """The moment: a control point or a meterset of a beam; half of its dose if not named."""

    def __init__(self, spec: FaultSpec, entry: Entry) -> None:
        self._beam = spec.integer("beam")
        self._at_cp = spec.optional("at_cp")
        self._at_mu = spec.optional("at_mu")
        self._entry = entry
        self._due_umu = 0
        self._armed = False
        self._done = False

    def bind(self, program: Program) -> None:
        """Arm for ``program`` when it is the beam (by default the first)."""
        if self._done:
            return
        if self._beam is None:
            self._beam = program.beam_number
        self._armed = program.beam_number == self._beam
        if not self._armed:
            return
        if self._at_mu is not None:
            self._due_umu = round(self._at_mu * UMU_PER_MU)
        else:
            self._due_umu = (program.start_umu + program.end_umu) // 2
        reached = self._at_cp is None or self._at_cp < len(program.path.rows)
        self._entry.bound |= reached and self._due_umu <= program.end_umu
        self._entry.note(beam=self._beam, at_cp=self._at_cp, at_mu=self._due_umu / UMU_PER_MU)

    def fires(self, sample: Sample) -> bool:
        """Whether this is the moment; true once."""
        if not self._armed or sample.state not in (State.BEAM_ON, State.COMPLETE):
            return False
        if self._at_cp is not None:
            due = sample.s >= self._at_cp
        else:
            due = sample.meterset_umu >= self._due_umu
        if due:
            self._armed = False
            self._done = True
            self._entry.note(
                injected=True,
                first_time_ns=sample.time_ns,
                control_point=int(sample.s),
                at_mu=sample.meterset_umu / UMU_PER_MU,
            )
        return due


class LinkFault:
    """lost-link, garbage-bytes, stale-telemetry."""

    def __init__(self, spec: FaultSpec, entry: Entry, seed: int) -> None:
        self._name = spec.name
        self._link = spec.text("link", "linac")
        self._trigger = Trigger(spec, entry)
        self._garbage = np.random.default_rng(seed).bytes(_GARBAGE_BYTES)
        entry.note(link=self._link)

    def bind(self, program: Program) -> None:
        """See Moment."""
        self._trigger.bind(program)

    def observe(self, sample: Sample, site: Site) -> list[Event]:
        """See Moment."""
        if self._trigger.fires(sample):
            if self._name == "lost-link":
                site.kill_link(self._link)
            elif self._name == "garbage-bytes":
                site.babble(self._link, self._garbage)
            else:
                site.mute_telemetry()
        return []


class InterlockFault:
    """door-open, emergency-stop."""

    def __init__(self, spec: FaultSpec, entry: Entry) -> None:
        self._name = spec.name
        self._trigger = Trigger(spec, entry)

    def bind(self, program: Program) -> None:
        """See Moment."""
        self._trigger.bind(program)

    def observe(self, sample: Sample, site: Site) -> list[Event]:
        """See Moment."""
        if not self._trigger.fires(sample):
            return []
        return site.open_door() if self._name == "door-open" else site.press_emergency_stop()


class CouchDrift:
    """couch-drift: the couch creeps while the beam is on."""

    def __init__(
        self,
        spec: FaultSpec,
        entry: Entry,
        axes: Mapping[Axis, CouchAxisMap],
        cycle_s: float,
    ) -> None:
        axis = Axis(f"couch_{spec.text('axis', 'longitudinal')}")
        rate = spec.number("mm_per_s", 1.0)
        self._beam = spec.integer("beam")
        self._entry = entry
        self._place = axes.get(axis)
        self._step_mm = rate * cycle_s
        self._bound = False
        self._drift_mm = 0.0
        self._noted_mm = 0.0
        entry.note(axis=axis.value, mm_per_s=rate)

    def bind(self, program: Program) -> None:
        """See Moment."""
        if self._beam is None:
            self._beam = program.beam_number
        self._bound = self._place is not None and program.beam_number == self._beam
        if self._bound:
            self._entry.bound = True
            self._entry.note(beam=self._beam)

    def observe(self, sample: Sample, site: Site) -> list[Event]:
        """See Moment."""
        if not self._bound or self._place is None:
            return []
        if sample.state is State.BEAM_ON:
            site.creep_couch(self._place.wire_axis, self._place.sign * self._step_mm)
            self._drift_mm += self._step_mm
            if self._noted_mm == 0.0:
                self._entry.note(first_time_ns=sample.time_ns)
            if abs(self._drift_mm) >= abs(self._noted_mm) + _NOTE_STEP_MM:
                self._tell()
        elif sample.state in (State.COMPLETE, State.TERMINATED, State.FAULT):
            self._tell()
            self._bound = False
        return []

    def _tell(self) -> None:
        self._noted_mm = self._drift_mm
        self._entry.note(injected=self._drift_mm != 0.0, amount=round(self._drift_mm, 3))


class OverrunWatch:
    """meterset-overrun as it really came: how far the counter went beyond the program's end."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._program: Program | None = None

    def bind(self, program: Program) -> None:
        """See Moment."""
        self._program = program if self._entry.facts.get("beam") == program.beam_number else None

    def observe(self, sample: Sample, _site: Site, /) -> list[Event]:
        """See Moment."""
        program = self._program
        if program is None or sample.state is State.BEAM_ON:
            return []
        over_umu = sample.meterset_umu - program.end_umu
        if over_umu > 0 and sample.state in (State.COMPLETE, State.TERMINATED, State.FAULT):
            self._program = None
            self._entry.note(
                injected=True, amount=over_umu / UMU_PER_MU, first_time_ns=sample.time_ns
            )
        return []
