"""What a process counts reaches the one that is scraped, or is known not to."""

import json
from pathlib import Path
from unittest.mock import patch

from gateway.adapters.metrics.report import STALE_S, ReportFile


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = ReportFile(tmp_path / "mqtt.json")
    assert file.read() is None
    file.write({"connected": 1})
    file.write({"connected": 0.0})
    assert file.read() == {"connected": 0.0}
    assert [path.name for path in tmp_path.iterdir()] == ["mqtt.json"]


def test_a_process_that_hangs_counts_as_gone(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.json"
    ReportFile(path).write({"connected": 1})
    at_s = json.loads(path.read_text())["at_s"]
    with patch("time.time", lambda: at_s + STALE_S + 1.0):
        assert ReportFile(path).read() is None


def test_rubbish_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.json"
    for rubbish in ("", "[]", "{}", '{"at_s": 1, "values": []}', '{"at_s": "x", "values": {}}'):
        path.write_text(rubbish)
        assert ReportFile(path).read() is None
