"""Where the machine leaves its logs: one file a beam, however the beam ended."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from gateway.domain.errors import ConfigError
from gateway.domain.machine import MachineModel, TrajectoryLogModel
from gateway.formats.trajectory_log import write_trajectory_log
from simulators.linac.machine import Linac
from simulators.linac.messages import Sample
from simulators.linac.states import State
from simulators.logs.beam_log import BeamLog, log_name
from simulators.logs.exchange import LogExchange

RUNNING = frozenset({State.BEAM_ON, State.HELD})

_log = logging.getLogger(__name__)


class LogKeeper:
    """Watches every control cycle of one linac and writes a file when a beam has ended.

    A minute of beam is some megabytes: they are written in a thread, the machine goes on meanwhile.
    ``couch_mm`` tells where the couch stands: vertical, longitudinal, lateral, IEC 61217.
    """

    def __init__(
        self,
        machine: MachineModel,
        form: TrajectoryLogModel,
        folder: Path,
        couch_mm: Callable[[], tuple[float, ...]],
    ) -> None:
        """Raises ConfigError when the folder cannot be made."""
        self._machine = machine
        self._form = form
        self._folder = folder
        self._couch_mm = couch_mm
        self._beam: BeamLog | None = None
        self.exchange: LogExchange | None = None
        """What leaves another log in place of a beam's own, if anything does."""
        self._writer = ThreadPoolExecutor(1, "machine-log")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{folder}: no folder for logs: {error.strerror}") from error

    def observe(self, linac: Linac, sample: Sample) -> None:
        """A cycle is over. The one in which the beam ends carries the last pulses."""
        running = sample.state in RUNNING
        program = linac.program
        if self._beam is None and program is not None and (running or sample.dose_mu > 0.0):
            self._beam = BeamLog(program)
        if self._beam is None:
            return
        if program is self._beam.program:
            self._beam.add(sample, linac.expected, linac.due_mu, self._couch_mm())
        if not running:
            self._end_beam()

    def close(self) -> None:
        """Write the beam that is being logged, and wait until every log is written; idempotent."""
        self._end_beam()
        self._writer.shutdown()

    def _end_beam(self) -> None:
        beam, self._beam = self._beam, None
        if beam is not None:
            exchange = self.exchange
            exchanged = exchange is not None and exchange.ends(beam.program.beam_number)
            self._writer.submit(self._write, beam, exchanged=exchanged)

    def _write(self, beam: BeamLog, *, exchanged: bool) -> None:
        log = beam.as_file(self._machine, self._form)
        if self.exchange is not None:
            log = self.exchange.instead(log, exchanged=exchanged)
        content = write_trajectory_log(log)
        try:
            self._free_path(log_name(beam.program)).write_bytes(content)
        except OSError as error:
            _log.error("the log of beam %d is lost: %s", beam.program.beam_number, error)

    def _free_path(self, name: str) -> Path:
        names = (name if number == 1 else f"{name}_{number}" for number in count(1))
        return next(path for name in names if not (path := self._folder / f"{name}.bin").exists())
