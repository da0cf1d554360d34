"""The ``deliver`` command: decide what is delivered, then carry it out."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from types import TracebackType
from typing import Self

from gateway.adapters.store import open_store
from gateway.app.attendance import Attendance
from gateway.app.carry_out import carry_out
from gateway.app.finish import Finished
from gateway.app.fractions import (
    altered_plan,
    beyond_plan,
    choose_fraction,
    entries,
    find_entry,
    refuse_repeated,
    remaining_beams,
)
from gateway.app.identity import Identity, fresh_seed, identify
from gateway.app.intake import (
    Intake,
    choose_beams,
    compile_beams,
    require_frame_rate,
    take_in,
)
from gateway.app.output import export, leave_summary, prepare
from gateway.app.refusal import begun, refusal
from gateway.app.request import Decided, Progress, Request
from gateway.delivery.ledger import DeliveryEntry
from gateway.domain.errors import ConfigError, GatewayError, InputError
from gateway.ports.store import RecordStore
from gateway.settings import Settings


def deliver(
    request: Request,
    settings: Settings,
    progress: Progress,
    attendance: Attendance | None = None,
) -> Finished:
    """Deliver a plan; results go to ``request.out`` too, where one is named.

    Raises PlanRejected, InputError, ConfigError, Blocked, LinkError, ProtocolError, MachineFault
    and StoreError, each after leaving what is known in ``summary.json``.
    """
    with _Results(request, settings) as results:
        intake = _take_in(request, settings)
        named = choose_beams(intake.plan, request.beams) if request.beams else ()
        with closing(open_store(settings.store)) as store:
            decided = _decide_new(request, intake, named, store)
            results.delivery_id = decided.identity.delivery_id
            beside = attendance or Attendance()
            return results.keep(carry_out(decided, request, settings, store, progress, beside))


def continue_delivery(
    delivery_id: str,
    request: Request,
    settings: Settings,
    progress: Progress,
    attendance: Attendance | None = None,
) -> Finished:
    """Deliver exactly what remains of an earlier delivery, as one of its own. Raises likewise."""
    request = replace(request, continues=delivery_id)
    with _Results(request, settings) as results, closing(open_store(settings.store)) as store:
        decided = _decide_rest(delivery_id, request, settings, store)
        results.delivery_id = decided.identity.delivery_id
        beside = attendance or Attendance()
        return results.keep(carry_out(decided, request, settings, store, progress, beside))


class _Results:
    """The output folder: ready before anything moves, filled at the end or told why not."""

    def __init__(self, request: Request, settings: Settings) -> None:
        self._request = request
        self._settings = settings
        self.delivery_id: str | None = None

    def __enter__(self) -> Self:
        if self._request.out is not None:
            prepare(self._request.out)
        return self

    def keep(self, finished: Finished) -> Finished:
        """Copy a finished delivery's results."""
        if self._request.out is not None:
            export(finished.directory, self._request.out)
        return finished

    def __exit__(
        self,
        kind: type[BaseException] | None,
        reason: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        out = self._request.out
        if out is None or not isinstance(reason, GatewayError) or (out / "summary.json").exists():
            return
        summary = refusal(reason, self._request, self._settings)
        if self.delivery_id is not None:
            summary |= begun(self._settings, self.delivery_id)
        leave_summary(out, summary)


def _take_in(request: Request, settings: Settings) -> Intake:
    if request.plan is None:
        raise ConfigError("deliver wants a plan")
    intake = take_in(
        request.plan,
        settings,
        fraction_group=request.fraction_group,
        room_name=request.room,
    )
    if request.plan_sha256 not in ("", intake.file.sha256):
        raise InputError("the plan's file is not the one that was armed")
    require_frame_rate(intake.room.panel, request.cine_fps)
    return intake


def _decide_new(
    request: Request, intake: Intake, named: Sequence[int], store: RecordStore
) -> Decided:
    known = entries(store)
    refuse_repeated(known, request.request_id)
    fraction, numbers = choose_fraction(known, intake.plan, named, request.fraction)
    simulated = intake.room.simulated
    findings = (
        *altered_plan(known, intake.plan, simulated=simulated),
        *beyond_plan(intake.plan, fraction, simulated=simulated),
    )
    beams = compile_beams(intake, [(number, 0.0) for number in numbers])
    identity, ordinal = _identify(request, intake, fraction, known)
    return Decided(intake, identity, fraction, beams, (*intake.findings, *findings), None, ordinal)


def _decide_rest(
    delivery_id: str, request: Request, settings: Settings, store: RecordStore
) -> Decided:
    known = entries(store)
    refuse_repeated(known, request.request_id)
    entry = find_entry(known, delivery_id, settings)
    left = remaining_beams(entry, known)
    intake = take_in(
        store.directory(delivery_id) / "plan.dcm",
        settings,
        fraction_group=entry.fraction_group,
        room_name=None if entry.intent["room_derived"] else entry.room,
    )
    require_frame_rate(intake.room.panel, request.cine_fps)
    beams = compile_beams(intake, list(left.items()))
    identity, ordinal = _identify(request, intake, entry.fraction, known)
    return Decided(intake, identity, entry.fraction, beams, intake.findings, delivery_id, ordinal)


def _identify(
    request: Request, intake: Intake, fraction: int, known: Sequence[DeliveryEntry]
) -> tuple[Identity, int]:
    plan = intake.plan
    ordinal = sum(entry.plan_uid == plan.sop_instance_uid for entry in known)
    seed = fresh_seed() if request.seed is None else request.seed
    group = plan.fraction_group.number
    return identify(seed, plan.sop_instance_uid, group, fraction, ordinal), ordinal
