"""What the API says about a room that does not change."""

from dataclasses import asdict
from typing import Any

from gateway import __version__
from gateway.domain.axes import COUCH_TRANSLATIONS, banks
from gateway.domain.machine import AxisLimits
from gateway.domain.room import Room


def describe_room(room: Room) -> dict[str, Any]:
    """Machine, panel, axes and bounds of a room as the API has them."""
    machine, panel = room.machine, room.panel
    return {
        "room": room.name,
        "description": room.description,
        "simulated": room.simulated,
        "machine": {
            "name": machine.name,
            "model": f"{machine.manufacturer} {machine.model_name}".strip(),
            "modes": [mode.name for mode in machine.beam_modes],
        },
        "panel": {
            "name": panel.name,
            "model": f"{panel.manufacturer} {panel.model_name}".strip(),
            "rows": panel.rows,
            "columns": panel.columns,
            "pitch_mm": panel.pitch_mm,
            "sid_mm": panel.sid_mm,
            "maximum_frame_rate_hz": panel.maximum_frame_rate_hz,
        },
        "software": f"linac-gateway {__version__}",
        "geometry": _geometry(room),
        "bounds": asdict(room.bounds),
    }


def _geometry(room: Room) -> dict[str, Any]:
    machine = room.machine
    scalars = machine.layout.scalars
    limits = {**machine.axes, **room.couch.axes}
    return {
        "scalars": [axis.value for axis in scalars],
        "units": {axis.value: axis.unit for axis in (*scalars, *COUCH_TRANSLATIONS)},
        "ranges": {axis.value: _range(limit) for axis, limit in limits.items()},
        "jaws": [axis.value for axis in machine.jaw_axes if axis in machine.axes],
        "mlcs": [
            {
                "device": mlc.type,
                "pairs": mlc.pairs,
                "boundaries_mm": [float(edge) for edge in mlc.boundaries_mm],
                "banks": list(banks(mlc.type)),
            }
            for mlc in machine.mlcs.values()
        ],
        "couch": [axis.value for axis in COUCH_TRANSLATIONS],
        "sad_mm": machine.sad_mm,
    }


def _range(limits: AxisLimits) -> dict[str, float]:
    return {"minimum": limits.minimum, "maximum": limits.maximum, "speed": limits.speed}
