"""What pylinac makes of trajectory logs: its header, dose, and the RMS error of every leaf."""

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
from pylinac.log_analyzer import TrajectoryLog  # noqa: E402


def told(path: str) -> dict[str, object]:
    log = TrajectoryLog(path, exclude_beam_off=False)
    data, header = log.axis_data, log.header
    leaves = np.asarray(data.mlc.get_RMS("both"), dtype=float)
    metadata = getattr(header, "metadata", None)
    return {
        "version": header.version,
        "scale": header.axis_scale,
        "snapshots": header.num_snapshots,
        "hd": log.is_hdmlc,
        "mu": [float(data.mu.expected[-1]), float(data.mu.actual[-1])],
        "gantry": float(data.gantry.actual[0]),
        "holds": int(np.count_nonzero(data.beam_hold.actual == 2)),
        "control_points": float(data.control_point.actual[-1]),
        "beams": [beam.beam_name for beam in log.subbeams],
        "text": None if metadata is None else [metadata.energy, metadata.beam_name],
        "rms_mm": (10.0 * leaves).tolist(),
    }


question = json.load(sys.stdin)
print(json.dumps({"logs": [told(path) for path in question["paths"]]}))
