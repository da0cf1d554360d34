"""pymedphys' meterset map of a plan, on its own grid, and how long it takes.

Asked: ``plan``, ``fraction_group``, ``out`` (an .npy file to write), ``steps`` in time for each
pixel that an edge crosses (its default is 10), ``runs`` (timed ones, with its default).
Answered: ``x_mm`` and ``y_mm`` of the pixel centres, processor seconds of the map and of all.
"""

import json
import sys
import time

import numpy as np
import pydicom
import pymedphys

question = json.load(sys.stdin)


def read():
    dataset = pydicom.dcmread(question["plan"], force=True)
    return pymedphys.Delivery.from_dicom(dataset, question["fraction_group"])


def seconds(work):
    before = time.process_time()
    work()
    return time.process_time() - before


delivery = read()
steps = question.get("steps")
np.save(question["out"], delivery.metersetmap(min_step_per_pixel=steps))
grid = pymedphys.metersetmap.grid()
runs = question.get("runs", 0)
print(
    json.dumps(
        {
            "x_mm": list(grid["mlc"]),
            "y_mm": list(grid["jaw"]),
            "map_cpu_s": [seconds(delivery.metersetmap) for _ in range(runs)],
            "whole_cpu_s": [seconds(lambda: read().metersetmap()) for _ in range(runs)],
        }
    )
)
