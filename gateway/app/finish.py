"""From the stored delivery to its results: verdict, record, images, report, summary."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gateway import __version__
from gateway.app.evidence import beam_evidence, stored_plan
from gateway.app.report import draw_report
from gateway.app.summary import as_json, delivery_summary
from gateway.app.tolerances import tolerances_named
from gateway.delivery.ledger import DeliveryEntry, fold
from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.dicom.treatment_record_writer import treatment_record
from gateway.dicom.uids import uid_source
from gateway.domain.axes import AxisLayout
from gateway.domain.delivery import (
    DeliveryOutcome,
    FrameKind,
    MachineIdentity,
    PanelIdentity,
    PortalFrame,
)
from gateway.domain.errors import InputError
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding, Severity
from gateway.domain.plan import TreatmentPlan
from gateway.domain.reconciliation import Reconciliation, Verdict
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.ports.clock import WallClock
from gateway.ports.store import Json, RecordReader, RecordStore
from gateway.reconcile import reconcile
from gateway.settings import Settings

FrameSource = Callable[[int], Sequence[PortalFrame]]


@dataclass(frozen=True, slots=True)
class Finishing:
    """What finishing needs besides the store; ``frames`` by beam number."""

    settings: Settings
    frames: FrameSource
    clock: WallClock


@dataclass(frozen=True, slots=True)
class Finished:
    """A delivery with its results; ``directory`` holds the files."""

    entry: DeliveryEntry
    evidence: tuple[BeamEvidence, ...]
    reconciliation: Reconciliation
    summary: Mapping[str, Any]
    directory: Path

    @property
    def passed(self) -> bool:
        """Complete and within tolerance."""
        return self.reconciliation.verdict is Verdict.PASS

    @property
    def exit_code(self) -> int:
        """0 complete and within tolerance, 1 complete and out of it, 4 not complete."""
        if self.entry.outcome is not DeliveryOutcome.COMPLETE:
            return 4
        return 0 if self.passed else 1


def no_frames(_beam_number: int) -> Sequence[PortalFrame]:
    """The frames of a delivery whose pixels are not at hand any more."""
    return ()


def judge(
    store: RecordReader, delivery_id: str, settings: Settings
) -> tuple[DeliveryEntry, TreatmentPlan, tuple[BeamEvidence, ...], Reconciliation]:
    """Reconcile a stored delivery. Raises InputError when the store has none of that name."""
    entry = fold(store.events(delivery_id))
    if entry is None:
        raise InputError(f"no delivery {delivery_id} in {settings.store}")
    plan = stored_plan(store, entry)
    evidence = beam_evidence(store, entry, plan)
    tolerances = tolerances_named(str(entry.intent["tolerances"]), settings)
    result = reconcile(evidence, tolerances.reconciliation)
    return entry, plan, evidence, _not_passed_unless_complete(entry, result)


async def finish(
    store: RecordStore, delivery_id: str, finishing: Finishing, out: Path | None
) -> Finished:
    """Judge the delivery, write everything that belongs to it, and copy it to ``out``.

    Raises StoreError, and InputError when ``out`` cannot be written.
    """
    judged = await asyncio.to_thread(judge, store, delivery_id, finishing.settings)
    entry, plan, evidence, reconciliation = judged
    await store.append(delivery_id, "verdict", _verdict(reconciliation), finishing.clock.now_ns())
    context = record_context(store, entry, plan, finishing.clock)
    recorded = [_recorded(item, finishing.frames, entry) for item in evidence]
    images: dict[int, int] = {}
    written: list[str] = []
    instance = 1
    for beam in recorded:
        names = _image_names(beam)
        for name, content in zip(names, _images(context, beam, instance), strict=False):
            written.append(await _keep(store, finishing, delivery_id, name, content))
            images[beam.beam.number] = images.get(beam.beam.number, 0) + 1
            instance += 1
    if recorded:
        record = treatment_record(context, recorded)
        written.append(await _keep(store, finishing, delivery_id, "treatment_record.dcm", record))
    report = await asyncio.to_thread(
        draw_report, context, entry, evidence, recorded, reconciliation, findings_of(entry)
    )
    await _keep(store, finishing, delivery_id, "report.html", report.encode())
    summary = delivery_summary(entry, evidence, findings_of(entry), reconciliation, images)
    await _keep(store, finishing, delivery_id, "summary.json", as_json(summary).encode())
    finished = Finished(entry, evidence, reconciliation, summary, store.directory(delivery_id))
    if out is not None:
        export(finished.directory, out)
    return finished


def findings_of(entry: DeliveryEntry) -> tuple[Finding, ...]:
    """The findings that the delivery was decided with."""
    rows = cast("Sequence[Sequence[str]]", entry.intent["findings"])
    return tuple(Finding(Severity(row[0]), row[1], row[2], row[3]) for row in rows)


def export(directory: Path, out: Path) -> None:
    """Copy a delivery's files to ``out``: images/ and telemetry/ in folders of their own."""
    folders = {".parquet": "telemetry", ".npz": None, ".u16": None}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in sorted(directory.iterdir()):
            folder: str | None = folders.get(file.suffix, "")
            if file.name.startswith("image_"):
                folder = "images"
            if folder is None or file.name == "plan.dcm" or not file.is_file():
                continue
            (out / folder).mkdir(exist_ok=True)
            shutil.copyfile(file, out / folder / file.name)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error


def record_context(
    store: RecordReader, entry: DeliveryEntry, plan: TreatmentPlan, clock: WallClock
) -> RecordContext:
    """The delivery as its DICOM objects name it."""
    connected = next(
        (event.body for event in store.events(entry.delivery_id) if event.kind == "connected"), {}
    )
    machine = cast("Mapping[str, Any]", connected.get("machine") or {})
    panel = cast("Mapping[str, Any] | None", connected.get("panel"))
    beams = plan.beams.values()
    return RecordContext(
        plan=plan,
        delivery_id=entry.delivery_id,
        fraction_number=entry.fraction,
        machine=MachineIdentity(
            manufacturer=machine.get("manufacturer", ""),
            model_name=machine.get("model_name", ""),
            serial_number=machine.get("serial_number", ""),
            software_version=machine.get("software_version", ""),
            sample_period_s=machine.get("sample_period_s", 0.0),
            dead_man_s=machine.get("dead_man_s", 0.0),
            layout=AxisLayout((), ()),
        ),
        machine_name=next(iter(beams)).machine_name if beams else "",
        panel=None if panel is None else PanelIdentity(**panel),
        sad_mm=cast("float", entry.intent["sad_mm"]),
        operators=tuple(cast("Sequence[str]", entry.intent["operators"])),
        uid=uid_source(entry.seed, entry.delivery_id),
        started_ns=entry.started_ns,
        written_ns=clock.now_ns(),
        software_version=__version__,
    )


def _recorded(item: BeamEvidence, frames: FrameSource, entry: DeliveryEntry) -> RecordedBeam:
    return RecordedBeam(
        beam=item.beam,
        delivery=item.delivery,
        delivered=item.delivered,
        frames=frames(item.beam.number),
        continuation=entry.continues is not None and item.delivery.start_meterset_mu > 0,
    )


def _images(context: RecordContext, beam: RecordedBeam, instance: int) -> Iterable[bytes]:
    if not beam.frames or beam.delivered is None:
        return ()
    if beam.frames[0].kind is FrameKind.INTEGRATED:
        return (integrated_image(context, beam, beam.frames[0], instance),)
    return cine_images(context, beam, beam.frames, instance)


def _image_names(beam: RecordedBeam) -> Iterable[str]:
    number = beam.beam.number
    yield f"image_beam_{number}.dcm"
    part = 2
    while True:
        yield f"image_beam_{number}_part_{part}.dcm"
        part += 1


async def _keep(
    store: RecordStore, finishing: Finishing, delivery_id: str, name: str, content: bytes
) -> str:
    await store.keep_file(delivery_id, name, content, finishing.clock.now_ns())
    return name


def _verdict(reconciliation: Reconciliation) -> Mapping[str, Json]:
    return {
        "verdict": reconciliation.verdict.value,
        "causes": [cause.cause for cause in reconciliation.causes],
    }


def _not_passed_unless_complete(
    entry: DeliveryEntry, reconciliation: Reconciliation
) -> Reconciliation:
    if entry.outcome is DeliveryOutcome.COMPLETE:
        return reconciliation
    return Reconciliation(
        Verdict.FAIL, reconciliation.causes, reconciliation.beams, reconciliation.tolerances
    )
