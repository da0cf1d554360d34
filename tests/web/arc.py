"""A room that tells of a generated arc as the room's process does, without delivering anything."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gateway.configuration.locate import config_roots
from gateway.configuration.rooms import load_room
from gateway.delivery.states import LinkState
from gateway.domain.axes import Axis
from gateway.domain.delivery import FrameKind, Interlock, MachineSample, MachineState
from gateway.domain.program import MachineProgram
from gateway.domain.room import Room
from gateway.domain.units import NS_PER_S
from gateway.formats.live_feed import (
    LiveBeam,
    LiveCouch,
    LiveEvent,
    LiveFrame,
    LiveLink,
    LiveSample,
    Message,
)
from gateway.planning.compile import compile_beam
from gateway.planning.generate import generate
from gateway.ports.observer import KeptFrame

SAMPLE_S = 0.02
COMMIT_S = 0.1
BEHIND_S = 0.05
"""How far the machine is behind its program."""
DELIVERY = "D000000000001"


@cache
def arc_room(name: str = "truebeam-m120") -> Room:
    return load_room(name, config_roots(None))


def arc_program(room: Room) -> MachineProgram:
    plan = generate("vmat", room.machine, seed=1)
    return compile_beam(next(iter(plan.beams.values())), room, start_meterset_mu=0.0)


@dataclass(frozen=True)
class Arc:
    """The messages of one arc, group by group as they come: ``COMMIT_S`` of samples each."""

    room: Room
    folder: Path
    frames_per_s: float = 10.0
    delivery_id: str = DELIVERY
    first_sequence: int = 1

    def groups(self) -> Iterator[list[Message]]:
        program = arc_program(self.room)
        at_ns = 1_700_000_000 * NS_PER_S
        yield [LiveLink(device, LinkState.READY) for device in ("linac", "couch", "imager")]
        kinds = ("intent", "connected", "beam-intent", "read-back", "armed", "beam-on")
        number = self.first_sequence
        for kind in kinds:
            yield [LiveEvent(number, self.delivery_id, kind, at_ns)]
            number += 1
        yield [_beam(program)]
        per_commit = round(COMMIT_S / SAMPLE_S)
        commits = int(program.profile.duration_s / COMMIT_S)
        for commit in range(commits):
            group: list[Message] = [
                _sample(program, commit * per_commit + k) for k in range(per_commit)
            ]
            if commit % 2 == 0:
                group.append(_couch(commit))
            if self.frames_per_s and commit % round(10 / self.frames_per_s) == 0:
                group.append(LiveFrame(self._frame(program, commit)))
            yield group
        for kind in ("samples", "beam-end", "end", "verdict"):
            yield [LiveEvent(number, self.delivery_id, kind, at_ns)]
            number += 1

    async def told(self, speed: float = 1.0) -> AsyncIterator[Message]:
        """The messages in real time."""
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        for group in self.groups():
            for message in group:
                yield message
            next_s += COMMIT_S / speed
            await asyncio.sleep(next_s - loop.time())

    def _frame(self, program: MachineProgram, commit: int) -> KeptFrame:
        """A bright square that moves about, at the panel's size."""
        panel = self.room.panel
        rows, columns = panel.rows, panel.columns
        path = self.folder / "frames_beam_1.u16"
        pixels = np.full((rows, columns), 400, "<u2")
        column = (commit * 7) % (columns // 2)
        pixels[rows // 3 : 2 * rows // 3, column : column + columns // 4] = 9000
        size = 2 * rows * columns
        with path.open("r+b" if path.exists() else "wb") as file:
            file.seek((commit % 8) * size)
            file.write(pixels.tobytes())
        meterset_mu = _meterset(program, commit * COMMIT_S)
        return KeptFrame(
            beam_number=program.beam_number,
            number=commit + 1,
            kind=FrameKind.CINE,
            path=path,
            offset=(commit % 8) * size,
            rows=rows,
            columns=columns,
            start_meterset_mu=meterset_mu,
            end_meterset_mu=meterset_mu,
            cu_per_count=1e-3,
            saturated=0,
        )


def _beam(program: MachineProgram) -> LiveBeam:
    return LiveBeam(
        program.beam_number,
        program.beam_name,
        program.start_meterset_mu,
        program.end_meterset_mu,
        program.profile.duration_s,
        program.maximum_dose_rate_mu_per_min,
    )


def _couch(commit: int) -> LiveCouch:
    axes = (Axis.COUCH_VERTICAL, Axis.COUCH_LONGITUDINAL, Axis.COUCH_LATERAL)
    return LiveCouch(dict.fromkeys(axes, 0.01 * (commit % 3)), moving=False)


def _sample(program: MachineProgram, number: int) -> LiveSample:
    time_s = number * SAMPLE_S
    s, planned = _places(program, time_s)
    _, actual = _places(program, max(0.0, time_s - BEHIND_S))
    sample = MachineSample(
        sequence=number + 1,
        machine_time_ns=round(time_s * NS_PER_S),
        received_ns=0,
        state=MachineState.BEAM_ON,
        interlocks=Interlock.NONE,
        beam_number=program.beam_number,
        program_s=s,
        meterset_mu=_meterset(program, time_s),
        dose_rate_mu_per_min=0.9 * program.maximum_dose_rate_mu_per_min,
        positions=actual,
    )
    return LiveSample(sample, planned, 0)


def _places(program: MachineProgram, time_s: float) -> tuple[float, np.ndarray]:
    s = float(program.profile.s_at(np.array([time_s]))[0])
    rows = np.arange(len(program.positions))
    below = min(int(s), len(rows) - 2)
    part = s - below
    place = (1 - part) * program.positions[below] + part * program.positions[below + 1]
    return s, np.round(1000 * place).astype(np.int32)


def _meterset(program: MachineProgram, time_s: float) -> float:
    s = float(program.profile.s_at(np.array([time_s]))[0])
    return float(np.interp(s, np.arange(program.meterset_mu.size), program.meterset_mu))
