"""Names, tokens and clocks of a delivery, from its seed."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.adapters.clock import SimulatedClock, SystemClock
from gateway.domain.plan import TreatmentPlan
from gateway.domain.units import NS_PER_S
from gateway.ports.clock import WallClock

SEED_BITS = 53
HOUR_S = 3600
_DAY_BEGINS_HOUR = 8
_DATE_WITHOUT_PLAN_DATE = "20260101"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a delivery is called, by people and by the machine's counter."""

    delivery_id: str
    token: bytes
    seed: int


def fresh_seed() -> int:
    """A seed that every JSON reader can hold exactly."""
    return secrets.randbits(SEED_BITS)


def identify(
    seed: int, plan_uid: str, fraction_group: int, fraction: int, ordinal: int
) -> Identity:
    """The identity of the ``ordinal``-th delivery of a plan in its store."""
    key = f"{seed}|{plan_uid}|{fraction_group}|{fraction}|{ordinal}".encode()
    digest = hashlib.sha256(key).digest()
    return Identity(f"D{digest[:6].hex()}", digest[16:], seed)


def simulated_epoch_ns(plan: TreatmentPlan, ordinal: int) -> int:
    """Where simulated time starts for a seeded delivery: the plan's date, an hour a delivery."""
    date = plan.date if len(plan.date) == 8 and plan.date.isdigit() else _DATE_WITHOUT_PLAN_DATE
    try:
        day = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        day = datetime.strptime(_DATE_WITHOUT_PLAN_DATE, "%Y%m%d").replace(tzinfo=UTC)
    return NS_PER_S * (int(day.timestamp()) + HOUR_S * (_DAY_BEGINS_HOUR + ordinal))


def delivery_clock(epoch_ns: int | None, time_s: Callable[[], float]) -> WallClock:
    """Simulated time from ``epoch_ns``, or the system's clock."""
    return SystemClock() if epoch_ns is None else SimulatedClock(epoch_ns, time_s)
