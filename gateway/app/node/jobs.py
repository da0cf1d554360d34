"""What the room's process is asked to deliver, and what it answers; as lines of JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gateway.domain.delivery import DeliveryOutcome
from gateway.domain.worklist import Verification, VerificationStatus

ENDED = (DeliveryOutcome.COMPLETE, DeliveryOutcome.TERMINATED)
UNFINISHED = "its record is not finished; resolve it"
"""Why an outcome that says nothing is not finished."""


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery to carry out.

    ``item`` names the job in answers, ``request_id`` in the record: a request that was begun is
    never begun again. ``continues`` is the delivery whose remainder is wanted, ``verifications``
    what an external system said of its beams. ``speed`` is empty for the room's own, else a factor
    of real time. ``plan_sha256`` is that of the file that was armed, empty where none was.
    """

    item: str
    plan: Path
    request_id: str
    fraction_group: int | None = None
    fraction: int | None = None
    beams: tuple[int, ...] = ()
    continues: str = ""
    seed: int | None = None
    by: tuple[str, ...] = ()
    verifications: tuple[Verification, ...] = ()
    cine_fps: float | None = None
    speed: str = ""
    plan_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. ``delivery_id`` is empty where nothing was begun; ``reason`` says why.

    ``again`` tells that nothing was begun for a reason that may pass.
    """

    delivery_id: str
    reason: str
    summary: Mapping[str, Any] | None
    again: bool = False

    @property
    def delivered(self) -> bool:
        """Whether a delivery was begun; its summary says how far it came."""
        return bool(self.delivery_id)

    @property
    def finished(self) -> bool:
        """Whether the meterset of that delivery is certain, and its record written."""
        summary = self.summary or {}
        return summary.get("state") in ENDED and bool(summary.get("verdict"))


def job_line(job: Job) -> dict[str, Any]:
    """A job as JSON."""
    return asdict(job) | {"plan": str(job.plan)}


def job_of(line: Mapping[str, Any]) -> Job:
    """The job of a line. Raises KeyError, TypeError for what is no job."""
    values = dict(line)
    values["plan"] = Path(values["plan"])
    values["beams"] = tuple(values["beams"])
    values["by"] = tuple(values["by"])
    values["verifications"] = tuple(map(_verification, values["verifications"]))
    return Job(**values)


def _verification(row: Mapping[str, Any]) -> Verification:
    status = VerificationStatus(row["status"])
    return Verification(row["beam_number"], status, tuple(row["attributes"]))
