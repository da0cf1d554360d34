"""From the stored delivery to its results: verdict, record, images, report, summary."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.adapters.frame_spool import discard_spool
from gateway.app.evidence import stored_frames
from gateway.app.judge import judge
from gateway.app.machine_files import keep_logs
from gateway.app.report import draw_report, print_report
from gateway.app.summary import as_json, delivery_summary
from gateway.app.verdict_text import verdict_text
from gateway.delivery.event_bodies import ConnectedBody, bodies
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.report_writer import report_document
from gateway.dicom.rt_image_writer import cine_images, integrated_image
from gateway.dicom.treatment_record_writer import treatment_record
from gateway.dicom.uids import uid_source
from gateway.dicom.verdict_writer import VerdictText, verdict_document
from gateway.domain.axes import AxisLayout
from gateway.domain.delivery import (
    DeliveryOutcome,
    FrameKind,
    MachineIdentity,
    PanelIdentity,
)
from gateway.domain.errors import InputError
from gateway.domain.evidence import BeamEvidence
from gateway.domain.findings import Finding, Severity
from gateway.domain.plan import TreatmentPlan
from gateway.domain.reconciliation import Reconciliation, Verdict
from gateway.domain.record import RecordContext, RecordedBeam
from gateway.domain.worklist import Verification, VerificationStatus
from gateway.ports.clock import WallClock
from gateway.ports.observer import Observer, Unobserved
from gateway.ports.store import Json, RecordReader, RecordStore
from gateway.settings import Settings
from gateway.timeloop import run

_log = logging.getLogger(__name__)


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


def finish(
    store: RecordStore,
    delivery_id: str,
    settings: Settings,
    clock: WallClock,
    observer: Observer | None = None,
) -> Finished:
    """Judge the delivery and write everything that belongs to it; the verdict comes last.

    ``observer`` is told of the verdict.

    Logs, image and report are beside the record: what goes wrong with them is told, and the rest
    is written. Not while a loop runs. May be done again: what is written then replaces what was.
    Raises StoreError, InputError.
    """
    try:
        keep_logs(store, delivery_id, settings, clock)
    except InputError as problem:
        _log.error("%s: %s", delivery_id, problem)
    work = _Work(store, delivery_id, settings, clock)
    for name, content in work.objects():
        run(store.keep_file(delivery_id, name, content, clock.now_ns()), 1.0)
        del content  # half a gigabyte: gone before the next is made
    verdict = _verdict(work.reconciliation)
    event = run(store.append(delivery_id, "verdict", verdict, clock.now_ns()), 1.0)
    (observer or Unobserved()).on_event(event)
    directory = store.directory(delivery_id)
    discard_spool(directory)
    return Finished(work.entry, work.evidence, work.reconciliation, work.summary, directory)


class _Work:
    """What is written of one delivery."""

    def __init__(
        self, store: RecordReader, delivery_id: str, settings: Settings, clock: WallClock
    ) -> None:
        judged = judge(store, delivery_id, settings)
        self.entry, self.evidence = judged.entry, judged.evidence
        self.reconciliation = judged.reconciliation
        self._logs = judged.logs
        self._context = record_context(store, self.entry, judged.plan, clock)
        self._recorded = [_recorded(item, store, self.entry) for item in self.evidence]
        self.summary: Mapping[str, Any] = {}

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of images, record, verdict, summary and report, one after the other."""
        names = set(self.entry.files)
        for name, content in self._all_images():
            names.add(name)
            yield name, content
            del content
        if self._recorded:
            yield "treatment_record.dcm", treatment_record(self._context, self._recorded)
        yield "verdict.dcm", verdict_document(self._context, self._verdict_text())
        self.summary = delivery_summary(
            self.entry,
            self.evidence,
            findings_of(self.entry),
            self.reconciliation,
            image_counts(names, self.evidence),
            self._logs,
        )
        yield "summary.json", as_json(self.summary).encode()
        yield from self._reports()

    def _all_images(self) -> Iterator[tuple[str, bytes]]:
        instance = 1
        for beam in self._recorded:
            names = _image_names(beam)
            for content in _images(self._context, beam, instance):
                yield next(names), content
                del content
                instance += 1

    def _verdict_text(self) -> VerdictText:
        return verdict_text(self.entry, self.evidence, self.reconciliation)

    def _reports(self) -> Sequence[tuple[str, bytes]]:
        """The report, or as much of it as can be made: record and verdict do not depend on it."""
        made: list[tuple[str, bytes]] = []
        try:
            page = self._page()
            made.append(("report.html", page.encode()))
            pdf = print_report(page, self.entry)
            made.append(("report.pdf", pdf))
            made.append(("report.dcm", report_document(self._context, pdf)))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the rest is written
            name, kind = self.entry.delivery_id, type(problem).__name__
            _log.error("%s: the report cannot be made: %s: %s", name, kind, problem)
        return made

    def _page(self) -> str:
        return draw_report(
            self._context,
            self.entry,
            self.evidence,
            self._recorded,
            self.reconciliation,
            findings_of(self.entry),
        )


def image_counts(names: Collection[str], evidence: Sequence[BeamEvidence]) -> Mapping[int, int]:
    """How many image objects a delivery has by beam number, from the names of its files."""
    return {
        item.beam.number: sum(
            name.startswith((f"{_image_stem(item)}.", f"{_image_stem(item)}_part_"))
            for name in names
        )
        for item in evidence
    }


def _image_stem(item: BeamEvidence | RecordedBeam) -> str:
    return f"image_beam_{item.beam.number}"


def findings_of(entry: DeliveryEntry) -> tuple[Finding, ...]:
    """The findings that the delivery was decided with."""
    return tuple(
        Finding(Severity(row[0]), row[1], row[2], row[3]) for row in entry.intent["findings"]
    )


def record_context(
    store: RecordReader, entry: DeliveryEntry, plan: TreatmentPlan, clock: WallClock
) -> RecordContext:
    """The delivery as its DICOM objects name it."""
    connected = bodies(store.events(entry.delivery_id), "connected", ConnectedBody)
    machine = connected[0]["machine"] if connected else {}
    panel = connected[0]["panel"] if connected else None
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
        sad_mm=entry.intent["sad_mm"],
        operators=tuple(entry.intent["operators"]),
        uid=uid_source(entry.seed, entry.delivery_id),
        started_ns=entry.started_ns,
        written_ns=clock.now_ns(),
        software_version=__version__,
    )


def _recorded(item: BeamEvidence, store: RecordReader, entry: DeliveryEntry) -> RecordedBeam:
    return RecordedBeam(
        beam=item.beam,
        delivery=item.delivery,
        delivered=item.delivered,
        frames=stored_frames(store, entry.delivery_id, item.beam.number),
        continuation=entry.continues is not None and item.delivery.start_meterset_mu > 0,
        verification=_verification(entry, item.beam.number),
    )


def _verification(entry: DeliveryEntry, beam_number: int) -> Verification | None:
    for row in entry.intent.get("verifications", ()):
        if row["beam"] == beam_number:
            status = VerificationStatus(row["status"])
            return Verification(beam_number, status, tuple(row["attributes"]))
    return None


def _images(context: RecordContext, beam: RecordedBeam, instance: int) -> Iterable[bytes]:
    if not beam.frames or beam.delivered is None:
        return ()
    if beam.frames[0].kind is FrameKind.INTEGRATED:
        return (integrated_image(context, beam, beam.frames[0], instance),)
    return cine_images(context, beam, beam.frames, instance)


def _image_names(beam: RecordedBeam) -> Iterator[str]:
    stem = _image_stem(beam)
    yield f"{stem}.dcm"
    for part in count(2):
        yield f"{stem}_part_{part}.dcm"


def _verdict(reconciliation: Reconciliation) -> Mapping[str, Json]:
    return {
        "verdict": reconciliation.verdict.value,
        "causes": [cause.cause for cause in reconciliation.causes],
    }
