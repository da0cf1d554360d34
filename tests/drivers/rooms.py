"""A small room and program for driver tests."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import (
    AxisLimits,
    BeamMode,
    CouchModel,
    MachineModel,
    MlcModel,
    PanelModel,
    ServoModel,
)
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.room import Bounds, CouchAxisMap, Link, Room
from gateway.domain.units import frozen

MODE = BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0)
REPLY_TIMEOUT_S = 0.5
POLL_PERIOD_S = 0.1
TOKEN = bytes(range(16))

_ANGLE = AxisLimits(-180.0, 180.0, 6.0, 16.0)
_JAW = AxisLimits(-200.0, 200.0, 25.0, 100.0)

MACHINE = MachineModel(
    name="Small",
    manufacturer="House",
    model_name="Small",
    serial_number="1",
    software_version="1.0",
    sad_mm=1000.0,
    axes={Axis.GANTRY: _ANGLE, Axis.X1: _JAW, Axis.X2: _JAW},
    jaw_types=("X",),
    fixed_jaws=False,
    mlcs={
        "MLCX": MlcModel(
            type="MLCX",
            boundaries_mm=frozen([-10.0, 0.0, 10.0]),
            speed=25.0,
            acceleration=100.0,
            retract_mm=200.0,
            overtravel_mm=150.0,
            span_mm=None,
            minimum_gap_mm=0.5,
            interdigitation=True,
            transmission=0.01,
            tip_radius_mm=80.0,
            dosimetric_leaf_gap_mm=1.0,
        )
    },
    beam_modes=(MODE,),
    minimum_dose_rate_mu_per_min=5.0,
    mu_per_pulse=0.01,
    sample_period_s=0.02,
    servo=ServoModel(0.05, 0.01, 0.005, 2.0, 2.0, 1.0),
)
COUCH_SPEED = 50.0
COUCH = CouchModel(
    "Stage",
    {
        axis: AxisLimits(-500.0, 500.0, COUCH_SPEED, 100.0)
        for axis in (Axis.COUCH_VERTICAL, Axis.COUCH_LONGITUDINAL, Axis.COUCH_LATERAL)
    },
    poll_period_s=POLL_PERIOD_S,
    staleness_s=0.5,
)
PANEL = PanelModel("Panel", "House", "P", "1", 4, 6, 0.4, 1500.0, 0.5, 1000.0, 2.0, 10.0, 16, 25.0)
BOUNDS = Bounds(
    heartbeat_period_s=0.05,
    dead_man_s=0.25,
    hold_after_s=0.1,
    terminate_after_s=0.25,
    reply_timeout_s=REPLY_TIMEOUT_S,
    connect_timeout_s=1.0,
    maximum_hold_s=30.0,
    maximum_operator_hold_s=30.0,
    meterset_overrun_mu=0.5,
    meterset_overrun_fraction=0.01,
    dose_rate_overrun_fraction=0.1,
    beam_time_overrun_fraction=0.2,
    beam_time_overrun_s=5.0,
)
ROOM = Room(
    name="small",
    description="for driver tests",
    simulated=True,
    machine=MACHINE,
    couch=COUCH,
    couch_axes={
        Axis.COUCH_LATERAL: CouchAxisMap("X", 1, 0.0),
        Axis.COUCH_LONGITUDINAL: CouchAxisMap("Y", -1, 100.0),
        Axis.COUCH_VERTICAL: CouchAxisMap("Z", 1, -20.0),
    },
    panel=PANEL,
    linac_link=Link("lcp/1", "memory:"),
    couch_link=Link("grbl/1.1", "memory:"),
    imager_link=Link("pfp/1", "memory:"),
    bounds=BOUNDS,
    tolerances="default",
)


def program(rows: int = 2) -> MachineProgram:
    """A beam of 10 MU at rest, half a second a row."""
    layout = MACHINE.layout
    steps = np.arange(rows, dtype=np.float64)
    return MachineProgram(
        beam_number=1,
        beam_name="open",
        mode=MODE,
        layout=layout,
        positions=frozen(np.tile(np.linspace(-10.0, 10.0, layout.size), (rows, 1))),
        meterset_mu=frozen(steps * 10.0 / (rows - 1)),
        plan_control_point=frozen(steps),
        profile=PathProfile(
            frozen(steps[:-1] / 2),
            frozen(steps[:-1]),
            frozen(np.full(rows - 1, 2.0)),
            frozen(np.zeros(rows - 1)),
            (rows - 1) / 2,
        ),
        maximum_dose_rate_mu_per_min=600.0,
        verified=frozenset(),
        couch={},
        accessories=("wedge 1",),
    )
