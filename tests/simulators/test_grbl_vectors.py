"""The shared Grbl vectors through the simulated controller's codec."""

from typing import Any

import pytest

from simulators.couch.jog_line import parse_jog
from simulators.wire import grbl
from tests.simulators.test_vectors import vectors


@pytest.mark.parametrize(
    "vector", vectors("grbl11.json", "gateway") + vectors("grbl11.json", "person")
)
def test_grbl_requests(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    real_time = {
        "ASK_STATUS": ord("?"),
        "JOG_CANCEL": 0x85,
        "FEED_HOLD": ord("!"),
        "RESUME": ord("~"),
        "SOFT_RESET": 0x18,
    }
    lines = {"BUILD_INFO": "$I", "UNLOCK": "$X"}
    for chunks in ([data], [data[i : i + 1] for i in range(len(data))], [data + b"$J"]):
        splitter = grbl.LineSplitter()
        (item,) = [item for chunk in chunks for item in splitter.feed(chunk)]
        if isinstance(item, int):
            assert item == real_time[vector["type"]]
        elif vector["type"] == "JOG":
            jog = parse_jog(item.text.removeprefix("$J="))
            assert jog.axes == vector["fields"]["target"]
            assert jog.feed * 60.0 == pytest.approx(vector["fields"]["feed"], rel=1e-12)
            assert not jog.incremental
        else:
            assert item == grbl.Line(lines[vector["type"]], overflown=False)


@pytest.mark.parametrize("vector", vectors("grbl11.json", "controller"))
def test_grbl_answers(vector: dict[str, Any]) -> None:
    """What the controller can say of the vectors, it says in the same bytes."""
    fields, wanted = vector["fields"], bytes.fromhex(vector["hex"])
    match vector["type"]:
        case "OK":
            assert wanted == grbl.OK
        case "ERROR":
            assert grbl.error(fields["code"]) == wanted
        case "ALARM":
            assert grbl.alarm(fields["code"]) == wanted
        case "BANNER":
            assert grbl.BANNER.endswith(wanted)
        case "BLANK":
            assert grbl.BANNER.startswith(wanted)
        case "FEEDBACK":
            assert wanted.startswith(f"[{fields['kind']}:".encode())
            said = grbl.BUILD + grbl.UNLOCKED_MESSAGE
            if fields["kind"] in ("OPT", "MSG") and fields["text"]:
                assert wanted in said
        case "STATUS":
            reports = grbl.Reports()
            reports.status("Idle", (0.0, 0.0, 0.0), 0.0)
            position = tuple(fields["mpos"] or fields["wpos"])
            said = reports.status(fields["state"], position, 0.0)
            fits = said if fields["mpos"] else said.replace(b"|MPos:", b"|WPos:")
            assert wanted.split(b"|")[:2] == fits.split(b"|")[:2]
        case name:
            raise AssertionError(name)
