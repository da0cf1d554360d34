"""Attributes of the objects that are written, from objects; and of those read, from the readers."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from inspect import getsource
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.tag import BaseTag

from gateway.app.conformance.markdown import section, table
from gateway.app.deliver import deliver
from gateway.app.generate import write_generated_plan
from gateway.app.request import Request
from gateway.dicom.iod.tables import iod_tables
from gateway.settings import Settings

READERS = {
    "RT Plan": (
        "gateway.dicom.plan_reader",
        "gateway.dicom.beam_reader",
        "gateway.dicom.control_point_reader",
        "gateway.dicom.accessory_reader",
        "gateway.dicom.plan_file",
    ),
    "RT Image": (
        "gateway.dicom.rt_image_reader",
        "gateway.dicom.image_attributes",
        "gateway.dicom.stored_pixels",
    ),
    "RT Dose": ("gateway.dicom.rt_dose_reader",),
    "RT Image and RT Dose, which of them": ("gateway.dicom.sop_class_of",),
    "Every object that is stored": ("gateway.dicom.object_header",),
    "UPS work item": ("gateway.dicom.ups.work_item", "gateway.dicom.ups.codes"),
    "UPS and verification events": ("gateway.dicom.ups.events",),
    "RT Conventional Machine Verification": ("gateway.dicom.ups.verification",),
    "RT Beams Delivery Instruction": ("gateway.dicom.ups.delivery_instruction",),
    "RT Beams Treatment Record, of an earlier session": ("gateway.dicom.ups.earlier_record",),
}
REQUESTS = {
    "UPS query (C-FIND)": ("gateway.dicom.ups.query", "gateway.dicom.ups.codes"),
    "UPS claim, progress and final state (N-ACTION, N-SET)": (
        "gateway.dicom.ups.changes",
        "gateway.dicom.ups.codes",
    ),
    "Retrieval of inputs (C-MOVE)": ("gateway.dicom.ups.retrieval",),
    "RT Conventional Machine Verification (N-CREATE, N-SET)": ("gateway.dicom.ups.verification",),
}
"""What is asked of others: modules that write it."""
WRITTEN = {
    "RT Plan (generated)": "plan.dcm",
    "RT Image": "image_beam_1.dcm",
    "RT Beams Treatment Record": "treatment_record.dcm",
    "Basic Text SR (verdict)": "verdict.dcm",
    "Encapsulated PDF (report)": "report.dcm",
}
SEED = 1
_DELIMITERS = 0xFFFE0000
"""Items and their ends are no attributes (PS3.5 7.5)."""


def written_attributes(level: int = 4) -> str:
    """A table for each kind of object that this gateway writes, under headings of that level."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(store=folder / "store", operator="operator")
        plan = folder / "plan.dcm"
        write_generated_plan("vmat", "truebeam-m120", SEED, plan, settings)
        request = Request(plan=plan, seed=SEED, beams=(1,))
        results = deliver(request, settings, _unseen).directory
        parts = [
            section(level, title, _written(dcmread(plan if file == "plan.dcm" else results / file)))
            for title, file in WRITTEN.items()
        ]
    return "\n\n".join(parts)


def read_attributes() -> str:
    """The attributes that readers name, by what they read."""
    return table(("object", "attributes read"), _named(READERS))


def requested_attributes() -> str:
    """The attributes of requests to others."""
    return table(("request", "attributes written"), _named(REQUESTS))


def _named(by_title: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [
        (title, ", ".join(sorted({word for module in modules for word in _keywords(module)})))
        for title, modules in by_title.items()
    ]


def _written(dataset: Dataset) -> str:
    types = _types(str(dataset.SOPClassUID))
    rows = []
    for path in dict.fromkeys(_paths(dataset, ())):
        tag = path[-1]
        depth = ">" * (len(path) - 1)
        rows.append(
            (
                f"{depth}{dictionary_description(tag)}",
                f"({tag.group:04X},{tag.element:04X})",
                dictionary_VR(tag),
                types.get(tuple(int(one) for one in path), ""),
            )
        )
    return table(("attribute", "tag", "VR", "type"), rows)


def _paths(dataset: Dataset, above: tuple[BaseTag, ...]) -> Iterator[tuple[BaseTag, ...]]:
    """Every attribute with those of the sequences around it, in the order of tags."""
    inside: dict[BaseTag, list[Dataset]] = {}
    for element in dataset:
        yield (*above, element.tag)
        if element.VR == "SQ":
            inside[element.tag] = list(element.value)
            merged = _merged(inside[element.tag])
            yield from _paths(merged, (*above, element.tag))


def _merged(items: list[Dataset]) -> Dataset:
    """One item that has what any of them has; of sequences the item that has most."""
    merged = Dataset()
    for item in items:
        for element in item:
            known: Any = merged.get(element.tag)
            if element.VR == "SQ" and known is not None:
                known.value = [*known.value, *element.value]
            elif known is None:
                merged[element.tag] = element
    return merged


@cache
def _types(sop_class: str) -> Mapping[tuple[int, ...], str]:
    info = iod_tables().info
    found: dict[tuple[int, ...], str] = {}
    for module in info.iods.get(sop_class, {"modules": {}})["modules"].values():
        for path, kind in _module_types(info.modules[module["ref"]], ()):
            found.setdefault(path, kind)
    return found


def _module_types(
    attributes: Mapping[str, Any], above: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], str]]:
    for key, attribute in attributes.items():
        path = (*above, int(key[1:5].replace("x", "0"), 16) << 16 | int(key[6:10], 16))
        yield path, str(attribute["type"])
        yield from _module_types(attribute.get("items", {}), path)


def _keywords(module: str) -> Iterator[str]:
    """The DICOM keywords that stand in a module as texts or as attributes."""
    for node in ast.walk(ast.parse(getsource(import_module(module)))):
        word = node.value if isinstance(node, ast.Constant) else getattr(node, "attr", None)
        if isinstance(word, str) and word[:1].isupper():
            tag = tag_for_keyword(word)
            if tag is not None and tag < _DELIMITERS:
                yield word


def _unseen(_beam: int, _meterset_mu: float, _end_mu: float) -> None:
    """Nobody watches."""
