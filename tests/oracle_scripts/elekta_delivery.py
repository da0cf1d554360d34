"""What pymedphys makes of an RT Plan of an Agility and of treatment record files, as one .npz."""

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
import pydicom  # noqa: E402
from pymedphys import Delivery  # noqa: E402

question = json.load(sys.stdin)
found = {}
if question.get("plan"):
    plan = pydicom.dcmread(question["plan"], force=True)
    group = question["fraction_group"]
    found["plan"] = Delivery.from_dicom(plan, fraction_group_number=group)
for number, path in enumerate(question["logs"]):
    found[f"log{number}"] = Delivery.from_trf(path)
arrays = {
    f"{name}_{column}": np.asarray(getattr(delivery, attribute), dtype=float)
    for name, delivery in found.items()
    for column, attribute in (
        ("mu", "monitor_units"),
        ("gantry", "gantry"),
        ("collimator", "collimator"),
        ("leaves", "mlc"),
        ("jaws", "jaw"),
    )
}
np.savez(question["out"], **arrays)
print(json.dumps({"deliveries": sorted(found)}))
