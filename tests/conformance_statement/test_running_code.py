"""The statement says what the running code negotiates, answers and reads; no more and no less."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from pydicom.uid import UID, UID_dictionary
from pynetdicom import AE
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor

from gateway.adapters import dicomnet
from gateway.adapters.dicomnet.service import accept
from gateway.app.check import check_plan
from gateway.app.conformance import entities, network
from gateway.app.conformance.attributes import READERS, REQUESTS, read_attributes
from gateway.app.conformance.statement import CONTENTS
from gateway.dicom import encoded_items
from gateway.settings import Settings
from tests import realdata

HERE = Path(dicomnet.__path__[0])
CODE = re.compile(r"\b0x([0-9A-F]{4})\b")
ACCEPTED = 0
PLANS = (
    "rtplan/varian_clinac_3dcrt_prostate_phantom.dcm",
    "rtplan/sliding_window_4beam_10MV_6MV.dcm",
)


def table_under(text: str, heading: str) -> list[list[str]]:
    part = text.split(heading, 1)[1]
    lines = part[part.index("\n| ---") :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def test_sections_stand_as_in_the_standard(text: str) -> None:
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == list(CONTENTS)
    numbers = re.findall(r"^#{3,} (\d[\d.]*\d) ", text, re.MULTILINE)
    assert numbers == sorted(numbers, key=lambda one: [int(part) for part in one.split(".")])


def test_what_is_negotiated_is_what_is_stated(text: str) -> None:
    stated = {
        row[1]: (set(row[2].split(", ")), row[3]) for row in table_under(text, "##### 4.2.1.4")
    }
    entity = AE("TEST")
    accept(entity, network.services())
    syntaxes = [str(uid) for uid, row in UID_dictionary.items() if row[1] == "Transfer Syntax"]
    for uid, row in UID_dictionary.items():
        if row[1] != "SOP Class":
            continue
        taken = {one for one in syntaxes if negotiated(entity, uid, one).result == ACCEPTED}
        assert bool(taken) == (uid in stated), UID(uid).name
        if taken:
            assert ", ".join(sorted(map(network.short, taken))) == ", ".join(
                sorted(stated[uid][1].split(", "))
            )
            both = negotiated(entity, uid, next(iter(taken)), as_scp=True)
            assert both.as_scu == ("SCU" in stated[uid][0]), UID(uid).name


def negotiated(entity: AE, uid: str, syntax: str, *, as_scp: bool = False) -> PresentationContext:
    asked = PresentationContext()
    asked.context_id, asked.abstract_syntax, asked.transfer_syntax = 1, UID(uid), [UID(syntax)]
    roles = {UID(uid): (True, True)} if as_scp else {}
    (answer,), _ = negotiate_as_acceptor([asked], entity.supported_contexts, roles)
    return answer


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(HERE.glob("*.py")):
        yield path.stem, ast.parse(path.read_text(encoding="utf-8"))


def test_what_is_asked_of_others_is_stated(text: str) -> None:
    stated = {row[0]: row[2:] for row in table_under(text, "## 1 ")}
    asked = {one.sop_class_uid for one in (*entities.SENDER, *entities.PERFORMER)}
    found = set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Requested":
                constant = getattr(node.args[0], "id", "")
                if constant.isupper():
                    module = import_module(f"{dicomnet.__name__}.{name}")
                    found.add(getattr(module, constant))
    assert found
    assert found <= asked
    assert all(stated[UID(uid).name][0] == "yes" for uid in asked if UID(uid).name in stated)


@pytest.mark.parametrize("service", ["storage", "query", "retrieve", "commitment", "event"])
def test_every_status_of_a_service_is_stated(service: str, text: str) -> None:
    part = text.split("##### 4.2.1.4", 1)[1].split("4.2.2 ", 1)[0]
    stated = set(re.findall(r"^\| ([0-9A-F]{4}) \|", part, re.MULTILINE))
    module = import_module(f"{dicomnet.__name__}.{service}_service")
    source = (HERE / f"{service}_service.py").read_text(encoding="utf-8")
    named = {
        f"{value:04X}"
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, int) and re.search(rf"\b{name}\b", source)
        if name in STATUS_NAMES
    }
    assert named | set(CODE.findall(source)) <= stated


STATUS_NAMES = frozenset(
    name
    for module in ("statuses", "storage_service", "event_service", "service", "store_status")
    for name, value in vars(import_module(f"{dicomnet.__name__}.{module}")).items()
    if name.isupper() and isinstance(value, int) and (value == 0 or 0x0100 <= value <= 0xFF01)
) - {"COMMENT_LENGTH"}


def test_every_attribute_that_is_read_of_a_plan_is_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_for: set[str] = set()
    element = encoded_items.Item.element

    def recorded(item: encoded_items.Item, keyword: str) -> encoded_items.Element | None:
        looked_for.add(keyword)
        return element(item, keyword)

    monkeypatch.setattr(encoded_items.Item, "element", recorded)
    for name in PLANS:
        check_plan(realdata.real_data(name), Settings(store=tmp_path), None, None)
    stated = next(line for line in read_attributes().splitlines() if line.startswith("| RT Plan |"))
    assert looked_for
    assert looked_for <= set(stated.strip("| ").split(" | ")[1].split(", "))


def test_every_module_that_reads_objects_is_asked() -> None:
    """A module that names many attributes and is no writer, no table and no rule."""
    named = {module for them in READERS.values() for module in them}
    folder = Path(import_module("gateway.dicom").__path__[0])
    reading = {
        "gateway.dicom." + ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if "from gateway.dicom.item import" in path.read_text(encoding="utf-8")
    }
    helpers = {"gateway.dicom.ups.values", "gateway.dicom.received", "gateway.dicom.ups.progress"}
    assert reading - helpers <= named


def test_every_module_that_writes_requests_is_asked() -> None:
    named = {module for them in (*REQUESTS.values(), *READERS.values()) for module in them}
    folder = Path(import_module("gateway.dicom.ups").__path__[0])
    apart = {"__init__", "statuses", "values"}
    found = {f"gateway.dicom.ups.{path.stem}" for path in folder.glob("*.py")}
    assert {one for one in found if one.rsplit(".", 1)[-1] not in apart} <= named
