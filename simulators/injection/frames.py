"""Faults on the way of cine frames: dropped, duplicated, reordered."""

from simulators.epid.frame_maker import FrameBytes
from simulators.epid.messages import Kind, Span
from simulators.faults import FaultSpec
from simulators.ground_truth import Entry
from simulators.linac.program import Program

FIRST_CHOICE = 2
"""The frame that is chosen when none is named: neither the first nor, in most runs, the last."""


class FramePath:
    """What arrives of the frames that a panel sends, in the order of arrival."""

    def __init__(self, faults: list[tuple[FaultSpec, Entry]]) -> None:
        self._faults = [FrameFault(spec, entry) for spec, entry in faults]
        self._waiting: FrameBytes | None = None

    def bind(self, program: Program) -> None:
        """A program was loaded."""
        for fault in self._faults:
            fault.bind(program)

    def carry(self, span: Span, frame: FrameBytes) -> list[FrameBytes]:
        """What arrives when ``frame`` is sent."""
        late, self._waiting = self._waiting, None
        arriving = [frame]
        for fault in self._faults:
            if span.kind is not Kind.CINE or not fault.strikes(span):
                continue
            if fault.name == "dropped-frame":
                arriving = []
            elif fault.name == "duplicated-frame":
                arriving = [*arriving, frame]
            elif late is None:
                self._waiting, arriving = frame, []
        return arriving if late is None else [*arriving, late]

    def flush(self) -> list[FrameBytes]:
        """What is still under way when the panel has finished."""
        late, self._waiting = self._waiting, None
        return [] if late is None else [late]


class FrameFault:
    """One fault and the frame that it is for."""

    def __init__(self, spec: FaultSpec, entry: Entry) -> None:
        self.name = spec.name
        self._beam = spec.integer("beam")
        self._frame = spec.integer("frame") or FIRST_CHOICE
        self._entry = entry
        self._done = False
        entry.note(frame=self._frame)

    def bind(self, program: Program) -> None:
        """A program was loaded."""
        self._entry.bound |= self._beam in (None, program.beam_number)

    def strikes(self, span: Span) -> bool:
        """Whether ``span`` is the frame; true once."""
        if self._beam is None:
            self._beam = span.beam_number
        if self._done or span.beam_number != self._beam or span.number != self._frame:
            return False
        self._done = True
        self._entry.note(injected=True, beam=self._beam, first_time_ns=span.start_ns)
        return True
