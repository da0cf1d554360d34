"""The limited process: reads what came from outside, and says what it found."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.sandbox.limits import answer_questions
from gateway.app.check import check_plan
from gateway.app.node.judging import finding_rows
from gateway.dicom.compressed_frames import frame_findings
from gateway.dicom.encoded_items import Content
from gateway.dicom.inflation import inflation_findings
from gateway.dicom.iod.tables import iod_tables
from gateway.dicom.iod.validation import validate
from gateway.dicom.mapped import mapped
from gateway.dicom.plan_file import read_plan
from gateway.dicom.same_values import same_values
from gateway.dicom.sop_classes import PLANS, RT_PLAN
from gateway.dicom.transcoding import write_transcoded
from gateway.domain.errors import GatewayError, InputError
from gateway.domain.findings import Finding, error, has_errors
from gateway.settings import Settings, load_settings


def main(arguments: list[str]) -> int:
    """``MEMORY_BYTES STORE CONFIG INFLATED_BYTES FRAME_PIXELS``."""
    memory, store, config, inflated_bytes, frame_pixels = arguments
    settings = load_settings(Path(config) if config else None, Path(store))
    iod_tables()  # before there are limits: it is part of the idle size

    def answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
        if "path" not in question:
            return _decoded(question)
        path, room = Path(question["path"]), str(question["room"])
        served = str(question["served"])
        with mapped(path) as content:
            findings = inflation_findings(content, int(inflated_bytes))
            if not findings:
                findings = judge(content, path, room, served, settings)
                findings += frame_findings(content, int(frame_pixels))
        return {"findings": finding_rows(findings)}

    answer_questions(int(memory), answer)
    return 0


def _decoded(question: Mapping[str, Any]) -> Mapping[str, Any]:
    """Comparing two files, or writing one anew."""
    if "compare" in question:
        one, other = map(Path, question["compare"])
        return {"same": same_values(one, other)}
    try:
        write_transcoded(Path(question["transcode"]), question["to"], Path(question["into"]))
    except InputError as refused:
        return {"failed": str(refused)}
    return {"done": True}


def judge(
    content: Content, path: Path, room: str, served: str, settings: Settings
) -> tuple[Finding, ...]:
    """What validation finds; where ``room`` is named, what stands against delivering a plan too.

    ``served`` is the room that the service delivers in.
    """
    validation = validate(content)
    findings = validation.findings
    if room and validation.sop_class_uid in PLANS:
        if validation.sop_class_uid != RT_PLAN:
            return (*findings, _undeliverable("only RT Plans are delivered", "SOPClassUID"))
        if room != served:
            return (*findings, _undeliverable(f"room {room} is not served here"))
        findings = (*findings, *_checked(path, room, settings))
    return tuple(dict.fromkeys(findings))


def _checked(path: Path, room: str, settings: Settings) -> tuple[Finding, ...]:
    try:
        groups = read_plan(path).fraction_group_numbers
        findings = tuple(check_plan(path, settings, room, None))
    except GatewayError as refused:
        return (_undeliverable(str(refused)),)
    if len(groups) > 1 and not has_errors(findings):
        text = f"has {len(groups)} groups, one is wanted"
        return (*findings, _undeliverable(text, "FractionGroupSequence"))
    return findings


def _undeliverable(text: str, path: str = "") -> Finding:
    return error("not-deliverable", path, text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
