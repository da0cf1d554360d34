"""The five kinds of machine plans are made for, in the shape configuration gives them."""

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.machine import AxisLimits, BeamMode, MachineModel, MlcModel, ServoModel
from gateway.domain.units import FloatArray, frozen

SERVO = ServoModel(0.005, 0.01, 0.01, 2.0, 2.0, 1.0)
X6 = BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0)
FFF6 = BeamMode("6FFF", "PHOTON", 6.0, "NON_STANDARD", 800.0)
E9 = BeamMode("9E", "ELECTRON", 9.0, "STANDARD", 1000.0)


def _steps(*runs: tuple[float, float, float]) -> FloatArray:
    edges = [np.arange(start, stop + 0.1 * step, step) for start, stop, step in runs]
    return frozen(np.unique(np.concatenate(edges)))


def _mlc(kind: str, boundaries: FloatArray, **changes: object) -> MlcModel:
    values: dict[str, object] = {
        "speed": 25.0,
        "acceleration": 500.0,
        "retract_mm": 200.0,
        "overtravel_mm": 150.0,
        "span_mm": None,
        "minimum_gap_mm": 0.5,
        "interdigitation": True,
        "transmission": 0.016,
        "tip_radius_mm": 80.0,
        "dosimetric_leaf_gap_mm": 1.3,
    }
    return MlcModel(type=kind, boundaries_mm=boundaries, **(values | changes))  # type: ignore[arg-type]


def _machine(
    name: str,
    jaw_types: tuple[str, ...],
    jaws: dict[Axis, AxisLimits],
    mlcs: tuple[MlcModel, ...],
    modes: tuple[BeamMode, ...],
    *,
    couch: bool = True,
    fixed_jaws: bool = False,
    gantry_speed: float = 6.0,
) -> MachineModel:
    axes = {
        Axis.GANTRY: AxisLimits(-185.0, 185.0, gantry_speed, 6.0),
        Axis.COLLIMATOR: AxisLimits(-175.0, 175.0, 15.0, 15.0),
    }
    if couch:
        axes[Axis.COUCH_ROTATION] = AxisLimits(-100.0, 100.0, 3.0, 3.0)
        axes[Axis.COUCH_PITCH] = AxisLimits(-3.0, 3.0, 1.0, 1.0)
        axes[Axis.COUCH_ROLL] = AxisLimits(-3.0, 3.0, 1.0, 1.0)
    return MachineModel(
        name=name,
        manufacturer="Test bench",
        model_name=name,
        serial_number="1",
        software_version="1",
        sad_mm=1000.0,
        axes=axes | jaws,
        jaw_types=jaw_types,
        fixed_jaws=fixed_jaws,
        mlcs={mlc.type: mlc for mlc in mlcs},
        beam_modes=modes,
        minimum_dose_rate_mu_per_min=5.0,
        mu_per_pulse=0.028,
        sample_period_s=0.02,
        servo=SERVO,
    )


def _jaw_range(x_over: float, y_over: float) -> dict[Axis, AxisLimits]:
    return {
        Axis.X1: AxisLimits(-200.0, x_over, 25.0, 100.0),
        Axis.X2: AxisLimits(-x_over, 200.0, 25.0, 100.0),
        Axis.Y1: AxisLimits(-200.0, y_over, 25.0, 100.0),
        Axis.Y2: AxisLimits(-y_over, 200.0, 25.0, 100.0),
    }


VARIAN_JAWS = ("X", "ASYMX", "Y", "ASYMY")
SIXTY = _steps((-200.0, -100.0, 10.0), (-95.0, 95.0, 5.0), (100.0, 200.0, 10.0))

M120 = _machine(
    "TrueBeam M120",
    VARIAN_JAWS,
    _jaw_range(20.0, 100.0),
    (_mlc("MLCX", SIXTY, span_mm=145.0),),
    (X6, E9),
)
HD120 = _machine(
    "TrueBeam HD120",
    VARIAN_JAWS,
    _jaw_range(20.0, 100.0),
    (
        _mlc(
            "MLCX",
            _steps((-110.0, -40.0, 5.0), (-37.5, 37.5, 2.5), (40.0, 110.0, 5.0)),
            span_mm=145.0,
        ),
    ),
    (X6, E9),
)
HALCYON = _machine(
    "Halcyon",
    ("X", "Y"),
    {
        axis: AxisLimits(sign * 140.0, sign * 140.0, 0.0, 0.0)
        for axis, sign in ((Axis.X1, -1), (Axis.X2, 1), (Axis.Y1, -1), (Axis.Y2, 1))
    },
    tuple(
        _mlc(kind, _steps((-edge, edge, 10.0)), speed=50.0, retract_mm=140.0, overtravel_mm=140.0)
        for kind, edge in (("MLCX1", 140.0), ("MLCX2", 145.0))
    ),
    (FFF6,),
    couch=False,
    fixed_jaws=True,
    gantry_speed=24.0,
)
AGILITY = _machine(
    "Elekta Agility",
    ("ASYMY",),
    {
        Axis.Y1: AxisLimits(-200.0, 150.0, 90.0, 300.0),
        Axis.Y2: AxisLimits(-150.0, 200.0, 90.0, 300.0),
    },
    (_mlc("MLCX", _steps((-200.0, 200.0, 5.0)), speed=35.0),),
    (X6, E9),
)
GENERIC = _machine(
    "Generic 60 pair",
    VARIAN_JAWS,
    _jaw_range(100.0, 100.0),
    (_mlc("MLCX", SIXTY, interdigitation=False),),
    (X6, E9),
)
MACHINES = (M120, HD120, HALCYON, AGILITY, GENERIC)
