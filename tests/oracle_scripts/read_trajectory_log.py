"""How much processor time pylinac takes to read a trajectory log: best of several."""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")
from pylinac.log_analyzer import TrajectoryLog  # noqa: E402

question = json.load(sys.stdin)
seconds = []
for _ in range(1 + question["runs"]):
    begun = time.process_time()
    log = TrajectoryLog(question["path"], exclude_beam_off=False)
    seconds.append(time.process_time() - begun)
print(json.dumps({"cpu_s": min(seconds[1:]), "snapshots": log.header.num_snapshots}))
