"""``python -m tests.bench [NAME...]``: one JSON line a figure; without a name, every benchmark."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.closed_loop import closed_loop_figures
from tests.bench.compression import compression_figures
from tests.bench.dicom_memory import memory_figures
from tests.bench.dicom_receive import receiving_figures
from tests.bench.dicom_send import sending_figures
from tests.bench.figure import Figure
from tests.bench.gamma import gamma_figures
from tests.bench.imaging import imaging_figures
from tests.bench.lateness import lateness_figures
from tests.bench.logs import log_figures
from tests.bench.memory_of_cine import cine_memory_figures
from tests.bench.meterset_map import meterset_map_figures
from tests.bench.mqtt import mqtt_figures
from tests.bench.picket_fence import picket_fence_figures
from tests.bench.planning import intake_figures, planner_figure
from tests.bench.simulated_delivery import simulated_delivery_figures
from tests.bench.startup import startup_figure
from tests.bench.under_attack import under_attack_figures
from tests.bench.validation import validation_figures
from tests.bench.viewers import viewer_figures
from tests.bench.watched_lateness import watched_lateness_figures
from tests.realdata import ROOT

BENCHMARKS: Mapping[str, Callable[[Path], Iterable[Figure]]] = {
    "startup": lambda _: [startup_figure()],
    "planner": lambda folder: [planner_figure(folder)],
    "intake": intake_figures,
    "simulated": simulated_delivery_figures,
    "lateness": lateness_figures,
    "validation": validation_figures,
    "sending": sending_figures,
    "receiving": receiving_figures,
    "memory": memory_figures,
    "gamma": gamma_figures,
    "imaging": imaging_figures,
    "compression": compression_figures,
    "logs": log_figures,
    "attack": under_attack_figures,
    "meterset-map": meterset_map_figures,
    "picket-fence": picket_fence_figures,
    "closed-loop": closed_loop_figures,
    "cine-memory": cine_memory_figures,
    "mqtt": mqtt_figures,
    "viewers": viewer_figures,
    "watched-lateness": watched_lateness_figures,
}


def main(wanted: list[str]) -> int:
    """Run the named benchmarks."""
    unknown = sorted(set(wanted) - set(BENCHMARKS))
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    if not (ROOT / "rtplan").is_dir():
        sys.stderr.write(f"skipped: real plans are not at {ROOT} (LINAC_GATEWAY_TEST_DATA)\n")
    with TemporaryDirectory() as folder:
        for name in wanted or BENCHMARKS:
            for figure in BENCHMARKS[name](Path(folder)):
                print(figure.as_json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
