"""pylinac's picket fence: where each leaf pair's gap is in each picket.

``pixel`` counts whole at a pixel's centre in the whole image: what is cropped is put back, and so
is the part of a pixel that pylinac loses where it cuts a window at a whole pixel but adds the
window's unrounded place. ``leaves`` tells what is looked at as leaves: counts and widths (mm).
"""

import json
import sys
import time
import warnings

from pylinac import PicketFence
from pylinac.picketfence import MLCArrangement, Orientation

warnings.simplefilter("ignore")
question = json.loads(sys.stdin.read())
make = question.get("make", {})
if "leaves" in question:
    make = {**make, "mlc": MLCArrangement([tuple(run) for run in question["leaves"]])}
spent_s = []
for _ in range(question.get("runs", 1)):
    started = time.process_time()
    fence = PicketFence(question["path"], **make)
    fence.analyze(**question.get("analyze", {}))
    results = fence.results_data()
    spent_s.append(time.process_time() - started)
cropped = round(make.get("crop_mm", 3) * fence.image.dpmm)
gaps = [
    {
        "leaf": int(gap.leaf_num),
        "picket": int(gap.picket_num),
        "pixel": [
            float(place) - max(gap._approximate_idx - gap._spacing / 2, 0)
            + max(int(gap._approximate_idx - gap._spacing / 2), 0) + cropped
            for place in gap.position
        ],
        "error_mm": [float(error) for error in gap.error],
    }
    for gap in fence.mlc_meas
]  # fmt: skip
print(
    json.dumps(
        {
            "gaps": gaps,
            "up_down": fence.orientation == Orientation.UP_DOWN,
            "pickets": fence.num_pickets,
            "dpmm": fence.image.dpmm,
            "skew_deg": results.mlc_skew,
            "cpu_s": spent_s,
        }
    )
)
