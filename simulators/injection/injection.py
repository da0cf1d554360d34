"""Every fault of a room: chosen when a program is loaded, acting while it is delivered."""

from collections.abc import Callable, Sequence

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.room import Room
from gateway.domain.units import FloatArray
from simulators.faults import FaultSpec
from simulators.ground_truth import Entry, Fact, GroundTruth
from simulators.injection import leaves
from simulators.injection.frames import FramePath
from simulators.injection.gantry import ShortGantry, SlowGantry, TrailingGantry
from simulators.injection.hidden import Hidden
from simulators.injection.moments import CouchDrift, InterlockFault, LinkFault, Moment, OverrunWatch
from simulators.injection.site import Site
from simulators.linac.disturbance import BEFORE_BEAM, Disturbed, MotionDisturbance
from simulators.linac.messages import Event, Sample
from simulators.linac.program import Program
from simulators.logs.exchange import LogExchange

_OFFSET_MM = 1.5
_LAG_DEG = 1.5
_OVERRUN_MU = 2.0
_MISCALIBRATED_MM = 2.0
_ASIDE_MM = 3.0
_OUTPUT_PERCENT = 3.0
_LINK_FAULTS = ("lost-link", "garbage-bytes", "stale-telemetry")
_INTERLOCK_FAULTS = ("door-open", "emergency-stop")
_FRAME_FAULTS = ("dropped-frame", "duplicated-frame", "reordered-frame")


class Injection:
    """The faults of one room, bound to its beams one program after the other."""

    def __init__(
        self, specs: Sequence[FaultSpec], room: Room, truth: GroundTruth, seed: int
    ) -> None:
        self._room = room
        self._model = room.machine
        self._beam_faults: list[_BeamFault] = []
        self._moments: list[Moment] = []
        self._entries: list[tuple[FaultSpec, Entry]] = []
        self.log_exchange: LogExchange | None = None
        frame_faults: list[tuple[FaultSpec, Entry]] = []
        appliers = self._appliers()
        for number, spec in enumerate(specs):
            facts: dict[str, Fact] = dict(spec.values)
            entry = truth.entry(spec.name, facts)
            self._entries.append((spec, entry))
            if spec.name in appliers:
                self._beam_faults.append(_BeamFault(spec, entry, appliers[spec.name]))
                if spec.name == "meterset-overrun":
                    self._moments.append(OverrunWatch(entry))
            elif spec.name in _FRAME_FAULTS:
                frame_faults.append((spec, entry))
            elif spec.name == "wrong-log":
                if self._model.trajectory_log is not None:
                    self.log_exchange = LogExchange(spec, entry)
            else:
                self._moments.append(self._moment(spec, entry, seed + number))
        self.frame_path = FramePath(frame_faults)
        self.hidden = Hidden()

    @property
    def idle(self) -> list[FaultSpec]:
        """The faults that have done nothing yet."""
        return [spec for spec, entry in self._entries if not entry.facts["injected"]]

    @property
    def aimless(self) -> list[FaultSpec]:
        """The faults for which no program was loaded in which they can act."""
        return [spec for spec, entry in self._entries if not entry.bound]

    def disturb(self, program: Program) -> Disturbed:
        """What becomes of ``program`` on this machine."""
        plan = _Plan(program)
        for fault in self._beam_faults:
            fault.bind(plan)
        for moment in self._moments:
            moment.bind(program)
        self.frame_path.bind(program)
        if self.log_exchange is not None:
            self.log_exchange.bind(program)
        self.hidden = plan.hidden
        return Disturbed(plan.rows, tuple(plan.motions), plan.overrun_mu)

    def observe(self, sample: Sample, site: Site) -> list[Event]:
        """A cycle of the linac is over; what the faults make of it."""
        return [event for moment in self._moments for event in moment.observe(sample, site)]

    def _moment(self, spec: FaultSpec, entry: Entry, seed: int) -> Moment:
        if spec.name in _LINK_FAULTS:
            return LinkFault(spec, entry, seed)
        if spec.name in _INTERLOCK_FAULTS:
            return InterlockFault(spec, entry)
        return CouchDrift(spec, entry, self._room.couch_axes, self._model.sample_period_s)

    def _appliers(self) -> dict[str, "Applier"]:
        return {
            "stuck-leaf": self._stick_leaf,
            "leaf-offset": self._offset_leaf,
            "bank-offset": self._offset_bank,
            "swapped-banks": self._swap_banks,
            "gantry-lag": self._trail_gantry,
            "meterset-overrun": self._overrun,
            "leaf-miscalibration": self._miscalibrate_leaf,
            "bank-miscalibration": self._miscalibrate_bank,
            "jaw-miscalibration": self._miscalibrate_jaw,
            "panel-shift": self._shift_panel,
            "output-change": self._change_output,
        }

    def _stick_leaf(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        from_cp = spec.integer("from_cp")
        row = 1 if from_cp is None else from_cp
        place = leaves.leaf_of(spec, self._model, plan.program, row)
        if place is None or row >= len(plan.rows):
            return False
        if from_cp is None and not leaves.moves(plan.program, place.column, row):
            row = 0
        _note_leaf(entry, place, row)
        if row == 0 and not leaves.moves(plan.program, place.column, row):
            plan.motions.append(leaves.ShortLeaf(place.column, plan.program, entry))
        else:
            plan.motions.append(leaves.StuckLeaf(place.column, float(row), entry))
        return True

    def _offset_leaf(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        row = spec.integer("from_cp") or 0
        place = leaves.leaf_of(spec, self._model, plan.program, row)
        if place is None or row >= len(plan.rows):
            return False
        _note_leaf(entry, place, row)
        columns = slice(place.column, place.column + 1)
        self._offset(plan, columns, spec, entry, float(row) if row else BEFORE_BEAM)
        return True

    def _offset_bank(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        bank = leaves.bank_of(spec, self._model)
        if bank is None:
            return False
        entry.note(device=bank.device, bank=bank.bank, control_point=0)
        self._offset(plan, bank.columns, spec, entry, BEFORE_BEAM)
        return True

    def _offset(
        self, plan: "_Plan", columns: slice, spec: FaultSpec, entry: Entry, from_s: float
    ) -> None:
        default_mm = _below(_OFFSET_MM, self._model.servo.leaf_hold_tolerance_mm)
        offset_mm = spec.number("offset_mm", default_mm)
        entry.note(offset_mm=offset_mm)
        plan.motions.append(leaves.OffsetPositions(columns, offset_mm, from_s, entry))

    def _swap_banks(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        device = leaves.device_of(spec, self._model)
        if device is None:
            return False
        told = leaves.swapped(plan.rows, self._model.layout.mlc_slices[device])
        amount = float(abs(told - plan.rows).max())
        if amount == 0.0:
            return False
        plan.rows = told
        entry.note(device=device, injected=True, amount=round(amount, 3), control_point=0)
        return True

    def _trail_gantry(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        scalars = self._model.layout.scalars
        if Axis.GANTRY not in scalars:
            return False
        column = scalars.index(Axis.GANTRY)
        seconds = spec.optional("seconds")
        deg = spec.number("deg", _below(_LAG_DEG, self._model.servo.angle_hold_tolerance_deg))
        entry.note(control_point=0)
        if seconds is not None:
            cycle_s = self._model.sample_period_s
            plan.motions.append(SlowGantry(column, seconds, cycle_s, entry))
            return True
        entry.note(deg=deg)
        if leaves.travel_mm(plan.program, column, 0) > deg:
            plan.motions.append(TrailingGantry(column, deg, entry))
        else:
            plan.motions.append(ShortGantry(column, float(plan.rows[0, column]), deg, entry))
        return True

    def _miscalibrate_leaf(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        place = leaves.leaf_of(spec, self._model, plan.program, 0)
        if place is None:
            return False
        _note_leaf(entry, place, 0)
        self._hide(plan, slice(place.column, place.column + 1), spec, entry)
        return True

    def _miscalibrate_bank(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        bank = leaves.bank_of(spec, self._model)
        if bank is None:
            return False
        entry.note(device=bank.device, bank=bank.bank, control_point=0)
        self._hide(plan, bank.columns, spec, entry)
        return True

    def _miscalibrate_jaw(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        scalars = self._model.layout.scalars
        axis = Axis(spec.text("axis", Axis.Y2))
        if axis not in scalars:
            return False
        entry.note(axis=axis.value, control_point=0)
        column = scalars.index(axis)
        self._hide(plan, slice(column, column + 1), spec, entry)
        return True

    def _hide(self, plan: "_Plan", columns: slice, spec: FaultSpec, entry: Entry) -> None:
        offset_mm = spec.number("offset_mm", _MISCALIBRATED_MM)
        hidden = plan.hidden
        if hidden.offsets is None:
            hidden.offsets = np.zeros(self._model.layout.size)
        hidden.offsets[columns] += offset_mm
        hidden.because(entry, offset_mm)
        entry.note(offset_mm=offset_mm)

    def _shift_panel(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        x_mm, y_mm = spec.number("x_mm", _ASIDE_MM), spec.number("y_mm", 0.0)
        plan.hidden.aside_mm = (x_mm, y_mm)
        plan.hidden.because(entry, float(np.hypot(x_mm, y_mm)))
        entry.note(x_mm=x_mm, y_mm=y_mm, control_point=0)
        return True

    def _change_output(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        percent = spec.number("percent", _OUTPUT_PERCENT)
        plan.hidden.output = max(1.0 + percent / 100.0, 0.0)
        plan.hidden.because(entry, percent)
        entry.note(percent=percent, control_point=0)
        return True

    def _overrun(self, spec: FaultSpec, entry: Entry, plan: "_Plan") -> bool:
        plan.overrun_mu = spec.number("mu", _OVERRUN_MU)
        entry.note(mu=plan.overrun_mu)
        return True


class _Plan:
    """A program on its way through the faults."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rows: FloatArray = program.path.rows
        self.motions: list[MotionDisturbance] = []
        self.overrun_mu = 0.0
        self.hidden = Hidden()


Applier = Callable[[FaultSpec, Entry, _Plan], bool]
"""Puts a fault into a plan; False when this beam gives it nothing to act on."""


class _BeamFault:
    """A fault of one beam: the named one, or the first in which it can act."""

    def __init__(self, spec: FaultSpec, entry: Entry, apply: Applier) -> None:
        self._spec = spec
        self._entry = entry
        self._apply = apply
        self._beam = spec.integer("beam")

    def bind(self, plan: _Plan) -> None:
        number = plan.program.beam_number
        if self._beam is not None and number != self._beam:
            return
        if self._apply(self._spec, self._entry, plan):
            self._beam = number
            self._entry.bound = True
            self._entry.note(beam=number)


def _below(wanted: float, hold_tolerance: float) -> float:
    """``wanted``, or what the machine still tolerates: a hold would hide a lasting error."""
    return min(wanted, 0.75 * hold_tolerance)


def _note_leaf(entry: Entry, place: leaves.LeafPlace, row: int) -> None:
    entry.note(
        device=place.device,
        bank=place.bank,
        leaf=place.leaf,
        column=place.column,
        control_point=row,
    )
