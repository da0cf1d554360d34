"""The kinds of plan there are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from gateway.domain.errors import ConfigError
from gateway.domain.machine import MachineModel
from gateway.domain.plan import TreatmentPlan
from gateway.planning.generate.electron import electron
from gateway.planning.generate.field import FieldBeam
from gateway.planning.generate.open_field import open_field
from gateway.planning.generate.phantom_plan import phantom_plan
from gateway.planning.generate.picket_fence import picket_fence
from gateway.planning.generate.sliding_window import sliding_window
from gateway.planning.generate.step_and_shoot import step_and_shoot
from gateway.planning.generate.vmat import vmat
from gateway.planning.generate.winston_lutz import winston_lutz

BeamMaker = Callable[[MachineModel, np.random.Generator], tuple[FieldBeam, ...]]

KINDS: Mapping[str, BeamMaker] = MappingProxyType(
    {
        "open-field": open_field,
        "picket-fence": picket_fence,
        "step-and-shoot": step_and_shoot,
        "sliding-window": sliding_window,
        "vmat": vmat,
        "winston-lutz": winston_lutz,
        "electron": electron,
    }
)
"""What makes the beams of each kind."""


def generate(kind: str, machine: MachineModel, *, seed: int = 0) -> TreatmentPlan:
    """A plan of ``kind`` for ``machine``, the same for the same kind, machine and seed.

    Raises ConfigError for an unknown kind and for a machine that cannot deliver the kind.
    """
    make = KINDS.get(kind)
    if make is None:
        raise ConfigError(f"there is no plan kind {kind!r}; the kinds are {', '.join(KINDS)}")
    return phantom_plan(kind, machine, seed, make(machine, np.random.default_rng(seed)))
