"""Gamma by pymedphys of two distributions in .npy files; its map goes to a third.

``reference`` and ``evaluated`` are ``{"values": file, "origin_mm": [...], "spacing_mm": [...]}``.
Answers how long it took, by the clock and of processor time.
"""

import json
import sys
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
import pymedphys  # noqa: E402


def distribution(told: dict) -> tuple:
    """Axes and values as pymedphys takes them."""
    values = np.load(told["values"])
    placed = zip(told["origin_mm"], told["spacing_mm"], values.shape, strict=True)
    return tuple(start + step * np.arange(count) for start, step, count in placed), values


question = json.load(sys.stdin)
arguments = (
    *distribution(question["reference"]),
    *distribution(question["evaluated"]),
    question["dose_percent"],
    question["distance_mm"],
)
wall_s, cpu_s = time.perf_counter(), time.process_time()
gamma = pymedphys.gamma(*arguments, quiet=True, **question["options"])
wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
np.save(question["gamma"], gamma)
print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s}))
