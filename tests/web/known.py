"""Names of what a site has, for requests that are meant to find something."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pydicom

from gateway.adapters.web.access import Person, Role
from gateway.app.deliver import deliver
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.settings import Settings
from tests.e2e.deliveries import unseen
from tests.web.site import OPERATOR, SiteOnStore

CANARY = "Kanarienvogel"
"""Names the patient of every plan here."""
SOMEBODY = Person("somebody", Role.OPERATE)
MACHINE = "truebeam-m120"
STUCK = "stuck-leaf:beam=1,bank=X2,leaf=30,from_cp=5"
FEW_ITEMS = 3


def canary_plan(folder: Path, kind: str) -> Path:
    """A generated plan of a patient who is to be named nowhere."""
    path = folder / f"{kind}.dcm"
    write_generated_plan(kind, MACHINE, 1, path, Settings(store=folder))
    dataset = pydicom.dcmread(path)
    dataset.PatientName = f"{CANARY}^EPID"
    dataset.PatientID = CANARY
    dataset.save_as(path)
    return path


def delivered_store(store: Path) -> None:
    """One delivery that passed; one that did not, which raised alarms."""
    settings = Settings(store=store, operator="operator")
    for kind, faults in (("open-field", ()), ("sliding-window", (STUCK,))):
        plan = canary_plan(store, kind)
        wanted = Request(plan=plan, room=MACHINE, seed=11, faults=faults, beams=(1,))
        deliver(wanted, settings, unseen)


class Known:
    """What a site on :func:`delivered_store` has; there are always items that can be armed."""

    def __init__(self, site: SiteOnStore, plan: Path) -> None:
        parts = site.assembled.parts
        self.plan = plan.read_bytes()
        self._queue = parts.queue
        self._plan_id = str(parts.plans.add(self.plan, SOMEBODY)["plan_id"])
        found = parts.record.deliveries("", None, 10, 0)["items"]
        self._deliveries = [row["delivery_id"] for row in found]
        self._alarms = [row["alarm"] for row in parts.alarms.alarms(10, only_open=False)["items"]]
        self._files = [row["name"] for row in parts.record.files(self._deliveries[0])["items"]]

    def value(self, name: str, path_parameters: Mapping[str, Any], chance: Random) -> Any:
        """A value for a parameter or member of that name; None where nothing has that name."""
        if name == "item":
            return chance.choice(self._open_items())["item"]
        if name == "armed_step":
            return self._code(path_parameters["item"])
        choices: Mapping[str, list[Any]] = {
            "delivery_id": self._deliveries,
            "plan_id": [self._plan_id],
            "alarm": self._alarms,
            "name": self._files,
            "beam": [1],
            "image": [1],
            "frame": [1],
            "fraction_group": [1],
            "beams": [[], [1]],
            "technique": ["open-field"],
            "machine": [MACHINE],
            "axis": ["gantry", "MLCX"],
            "columns": ["", "meterset_mu", "gantry,MLCX_X1_01"],
            "cine_fps": [5.0],
            "token": [OPERATOR],
        }
        return chance.choice(choices[name]) if name in choices else None

    def _code(self, item: Any) -> str | None:
        codes = {one["item"]: one["arming_code"] for one in self._open_items()}
        return codes.get(item)

    def _open_items(self) -> list[Mapping[str, Any]]:
        found = self._still_open()
        while len(found) < FEW_ITEMS:
            self._queue.propose(
                {"plan_id": self._plan_id, "fraction_group": None, "beams": [], "cine_fps": None},
                SOMEBODY,
            )
            found = self._still_open()
        return found[-FEW_ITEMS:]

    def _still_open(self) -> list[Mapping[str, Any]]:
        items = self._queue.items()["items"]
        return [one for one in items if one["state"] in ("proposed", "armed")]
