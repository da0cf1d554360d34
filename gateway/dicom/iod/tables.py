"""The generated tables: modules of IODs, types, conditions and enumerated values."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from dicom_validator.validator.dicom_info import DicomInfo

FILE = "tables.json.gz"


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
    info = DicomInfo({}, made["iods"], made["modules"])
    return IodTables(info, made["clauses"], tuple(made["sources"]))
