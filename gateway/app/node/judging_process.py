"""The limited process: reads what came from outside, and says what it found."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.adapters.sandbox.limits import answer_questions
from gateway.app.check import check_plan
from gateway.app.node.judging import finding_rows
from gateway.dicom.compressed_frames import frame_findings
from gateway.dicom.inflation import inflation_findings
from gateway.dicom.iod.validation import validate
from gateway.dicom.sop_classes import RT_PLAN
from gateway.domain.errors import GatewayError
from gateway.domain.findings import Finding, error
from gateway.settings import Settings, load_settings


def main(arguments: list[str]) -> int:
    """``MEMORY_BYTES STORE CONFIG INFLATED_BYTES FRAME_PIXELS``."""
    memory, store, config, inflated_bytes, frame_pixels = arguments
    settings = load_settings(Path(config) if config else None, Path(store))

    def answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
        path, room = Path(question["path"]), str(question["room"])
        content = path.read_bytes()
        findings = inflation_findings(content, int(inflated_bytes))
        if not findings:
            findings = judge(content, path, room, settings)
            findings += frame_findings(content, int(frame_pixels))
        return {"findings": finding_rows(findings)}

    answer_questions(int(memory), answer)
    return 0


def judge(content: bytes, path: Path, room: str, settings: Settings) -> tuple[Finding, ...]:
    """What validation finds; where ``room`` is named, what checking a plan for it finds too."""
    validation = validate(content)
    findings = validation.findings
    if room and validation.sop_class_uid != RT_PLAN:
        return (*findings, error("not-deliverable", "SOPClassUID", "only RT Plans are delivered"))
    if room:
        findings = (*findings, *_checked(path, room, settings))
    return tuple(dict.fromkeys(findings))


def _checked(path: Path, room: str, settings: Settings) -> tuple[Finding, ...]:
    try:
        return tuple(check_plan(path, settings, room, None))
    except GatewayError as refused:
        return (error("not-deliverable", "", str(refused)),)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
