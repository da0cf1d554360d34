"""Asking archives and other peers what they hold, and having it sent here."""

from collections.abc import Mapping, Sequence

from gateway.adapters.dicomnet.retrieve_client import Moved, find, move
from gateway.dicom.keywords import attribute, keyword_of, text_of
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.node import Node, Peer
from gateway.domain.worklist import Input, Reference

LEVELS: Mapping[str, Sequence[str]] = {
    "study": (
        "StudyInstanceUID",
        "StudyDate",
        "StudyDescription",
        "ModalitiesInStudy",
        "NumberOfStudyRelatedInstances",
    ),
    "series": (
        "SeriesInstanceUID",
        "Modality",
        "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    "image": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}
"""What is asked at each level of the Study Root model (PS3.4 C.6.2.1), its unique key first."""
IDENTITY = ("PatientName", "PatientID")


def list_matches(
    node: Node, ae_title: str, level: str, keys: Mapping[str, str]
) -> tuple[Sequence[str], list[dict[str, str]]]:
    """What a peer holds that matches ``keys`` (value by keyword): the columns, and the rows.

    A patient's name and ID are asked for at the level of studies only. Raises ConfigError for a
    peer that cannot be asked, InputError for keys, LinkError, ProtocolError, StepRefused.
    """
    peer = _asked(node, ae_title)
    columns = _columns(level, keys)
    wanted = {"QueryRetrieveLevel": level.upper(), **dict.fromkeys(columns, ""), **keys}
    answers = find(node, peer, dict(attribute(*one) for one in wanted.items()))
    found = [{keyword_of(tag): text_of(one) for tag, one in row.items()} for row in answers]
    return columns, [{name: row.get(name, "") for name in columns} for row in found]


def fetch(node: Node, ae_title: str, study: str, series: str, images: Sequence[str]) -> Moved:
    """Have a peer send a study, a series of it, or images of that to this node, which runs.

    Raises as :func:`list_matches`.
    """
    if images and not series:
        raise InputError("images are fetched from a series: name it")
    references = tuple(Reference("", uid) for uid in images)
    return move(node, _asked(node, ae_title), Input(study, series, references, (ae_title,)))


def _columns(level: str, keys: Mapping[str, str]) -> Sequence[str]:
    levels = list(LEVELS)
    above = [LEVELS[name][0] for name in levels[: levels.index(level)]]
    for key in above:
        if not keys.get(key):
            raise InputError(f"a query for the level {level} wants {key}=UID (PS3.4 C.4.1.2)")
    identity = IDENTITY if level == levels[0] else ()
    own = (*LEVELS[level], *identity)
    return (*own, *(key for key in keys if key not in (*own, *above)))


def _asked(node: Node, ae_title: str) -> Peer:
    peer = node.peers.get(ae_title)
    if peer is None or not peer.port:
        known = ", ".join(title for title, one in node.peers.items() if one.port) or "none"
        raise ConfigError(
            f"{ae_title} is no peer of node {node.name} that can be called; these are: {known}"
        )
    if node.pseudonymise or peer.pseudonymise:
        raise ConfigError(f"{ae_title} is told pseudonyms only: a query would tell identities")
    return peer
