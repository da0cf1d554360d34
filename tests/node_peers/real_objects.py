"""The storable DICOM files of the real data, as files that DCMTK reads."""

import re
from pathlib import Path

from pydicom import dcmread

from gateway.dicom.object_file import file_head
from gateway.dicom.quiet import quietly
from gateway.dicom.sop_classes import IMPLICIT_VR_LITTLE_ENDIAN, STORAGE_BY_UID
from tests.realdata import ROOT, real_data

_ROW = re.compile(r"^\| `([^`]+\.dcm)` \|(.*)\|$", re.MULTILINE)


def storable() -> list[str]:
    """Names of every file that the catalogue has, but those it marks negative and worklists."""
    catalogue = real_data("CATALOGUE.md").read_text()
    rows = _ROW.findall(catalogue)
    return [name for name, rest in rows if "NEGATIVE" not in rest and not name.startswith("ups/")]


def prepared(folder: Path) -> list[dict[str, str]]:
    """Write them into numbered folders, with meta information where they have none.

    Their names by SOP Instance UID, for each folder: several share a UID, and those stand in
    folders apart.
    """
    rounds: list[dict[str, str]] = []
    for name in storable():
        source = ROOT / name
        with quietly():
            read = dcmread(source, force=True, specific_tags=["SOPClassUID", "SOPInstanceUID"])
            uid, sop_class = str(read.SOPInstanceUID), str(read.SOPClassUID)
        assert sop_class in STORAGE_BY_UID, name
        content = source.read_bytes()
        if content[128:132] != b"DICM":
            content = file_head(sop_class, uid, IMPLICIT_VR_LITTLE_ENDIAN, "TEST") + content
        number = next((n for n, found in enumerate(rounds) if uid not in found), len(rounds))
        if number == len(rounds):
            rounds.append({})
        rounds[number][uid] = name
        target = folder / str(number) / f"{len(rounds[number]):03}.dcm"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
    return rounds
