"""The generated tables: modules of IODs, types, conditions and enumerated values."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from dicom_validator.validator.dicom_info import DicomInfo

FILE = "tables.json.gz"


class Attributes(dict[str, Any]):
    """What a module, or an item, may hold: its rules by tag as ``(GGGG,EEEE)``."""

    @cached_property
    def by_number(self) -> Mapping[int, Mapping[str, Any]]:
        """The rules by the number of the tag."""
        return {number_of(tag): rule for tag, rule in self.items()}

    @cached_property
    def demanded(self) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """Those that have to be there, always or under a condition."""
        return [
            (number_of(tag), rule)
            for tag, rule in self.items()
            if rule["type"] in ("1", "2") or "cond" in rule
        ]


@dataclass(frozen=True, slots=True)
class IodTables:
    """``info`` is what dicom-validator works on; ``clauses`` are those of PS3.3 by module."""

    info: DicomInfo
    clauses: Mapping[str, str]
    sources: tuple[str, ...]

    def clause(self, module: str) -> str:
        """The clause of a module, as findings cite it."""
        number = self.clauses.get(module, "")
        return f"PS3.3 {number}" if number else "PS3.3"


@cache
def iod_tables() -> IodTables:
    """The tables, read once for each process."""
    packed = files(__package__).joinpath(FILE).read_bytes()
    made: dict[str, Any] = json.loads(gzip.decompress(packed))
    modules: dict[str, Any] = {
        name: _attributes(module) for name, module in made["modules"].items()
    }
    info = DicomInfo({}, made["iods"], modules)
    return IodTables(info, made["clauses"], tuple(made["sources"]))


def number_of(tag: str) -> int:
    """The number of a tag that is written ``(GGGG,EEEE)``; of those that repeat, the first."""
    return int(tag[1:5].replace("x", "0"), 16) << 16 | int(tag[6:10], 16)


def _attributes(rules: Mapping[str, Any]) -> Attributes:
    return Attributes(
        (tag, rule | {"items": _attributes(rule["items"])} if "items" in rule else rule)
        for tag, rule in rules.items()
    )
