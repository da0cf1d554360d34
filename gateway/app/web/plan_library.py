"""Plans that people brought or had made: kept by what they are, checked for the room."""

import os
import secrets
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.adapters.web.access import Person
from gateway.adapters.web.problems import Refused, not_found
from gateway.adapters.webstore.plans import PlanTable, StoredPlan
from gateway.app.records import utc
from gateway.app.web.aside import Aside
from gateway.domain.errors import StoreError
from gateway.domain.room import Room
from gateway.planning.generate import KINDS
from gateway.ports.clock import WallClock

FOLDER = "plans"
MOST_SHOWN = 200


class PlanLibrary:
    """Implements :class:`gateway.adapters.web.backend.Plans`. Files are ``<plan_id>.dcm``."""

    def __init__(
        self, folder: Path, table: PlanTable, room: Room, aside: Aside, clock: WallClock
    ) -> None:
        self._folder = folder / FOLDER
        self._table = table
        self._room = room
        self._aside = aside
        self._clock = clock

    def plans(self) -> Mapping[str, Any]:
        """See the port."""
        rows = [_row(plan) for plan in self._table.newest(MOST_SHOWN)]
        return {"items": rows, "techniques": sorted(KINDS)}

    def plan(self, plan_id: str) -> Mapping[str, Any]:
        """See the port."""
        return _row(self.find(plan_id))

    def find(self, plan_id: str) -> StoredPlan:
        """The plan of that id. Raises Refused."""
        plan = self._table.find(plan_id)
        if plan is None:
            raise not_found("plan")
        return plan

    def path(self, plan_id: str) -> Path:
        """Where the plan's file is."""
        return self._folder / f"{plan_id}.dcm"

    def add(self, content: bytes, person: Person) -> Mapping[str, Any]:
        """See the port."""
        if not content:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the plan is empty")
        aside = self._aside_path()
        try:
            _write(aside, content)
            return self._keep(aside, person)
        finally:
            aside.unlink(missing_ok=True)

    def generate(
        self, technique: str, machine: str | None, seed: int, person: Person
    ) -> Mapping[str, Any]:
        """See the port."""
        if technique not in KINDS:
            text = f"there is no technique of that name; there are {', '.join(sorted(KINDS))}"
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, text)
        aside = self._aside_path()
        wanted = {
            "path": str(aside),
            "technique": technique,
            "machine": machine or self._room.machine.name,
            "seed": seed,
        }
        try:
            self._aside("generate", wanted)
            return self._keep(aside, person)
        finally:
            aside.unlink(missing_ok=True)

    def _keep(self, aside: Path, person: Person) -> Mapping[str, Any]:
        plan_id = sha256(aside.read_bytes()).hexdigest()
        known = self._table.find(plan_id)
        if known is not None:
            return _row(known)
        try:
            checked = self._aside("check", {"path": str(aside)})
        except Refused as refused:
            detail = refused.detail.replace(f"{aside}: ", "the plan: ")
            raise Refused(refused.status, detail) from None
        _put(aside, self.path(plan_id))
        added = StoredPlan(plan_id, checked["label"], person.name, self._clock.now_ns(), checked)
        return _row(self._table.add(added))

    def _aside_path(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / f".{secrets.token_hex(8)}.new"


def _write(path: Path, content: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise StoreError(f"a plan cannot be kept: {error.strerror}") from error


def _put(aside: Path, path: Path) -> None:
    """Give a file its place; durable on return."""
    try:
        aside.chmod(0o600)
        for one in (aside, aside.parent):
            descriptor = os.open(one, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                if one == aside:
                    aside.rename(path)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise StoreError(f"a plan cannot be kept: {error.strerror}") from error


def _row(plan: StoredPlan) -> Mapping[str, Any]:
    return {
        "plan_id": plan.plan_id,
        **plan.checked,
        "added": utc(plan.added_ns),
        "added_by": plan.by,
    }
