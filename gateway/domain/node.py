"""The DICOM node: who it talks to, on what terms, within which limits (``config/nodes``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Policy(StrEnum):
    """What becomes of an object that a peer sends.

    ACCEPT stores it and validates after the answer. REFUSE validates first and answers with a
    failure status where an error is found. QUARANTINE stores every object, and sets those with an
    error apart: they are neither returned to queries nor delivered. DELIVER is REFUSE, and a plan
    is then delivered in the peer's room.
    """

    ACCEPT = "accept"
    REFUSE = "refuse"
    QUARANTINE = "quarantine"
    DELIVER = "deliver"


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that is known by name.

    ``port`` is 0 for a peer that only calls. ``transfer_syntaxes`` are UIDs taken beyond the
    uncompressed ones; images are sent compressed where HTJ2K is one of them. ``certificate_name``
    is the subject common name or DNS name its client certificate must carry (empty: any that the
    authorities signed). ``room`` is where its plans are delivered under DELIVER.
    ``user_identity`` allows one to be offered (PS3.7 D.3.3.7).
    """

    ae_title: str
    host: str
    port: int
    policy: Policy = Policy.ACCEPT
    transfer_syntaxes: tuple[str, ...] = ()
    tls: bool = False
    certificate_name: str = ""
    room: str = ""
    pseudonymise: bool = False
    commitment: bool = True
    user_identity: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer, and all of them, may take. Lengths in bytes, times in seconds.

    ``inflated_bytes`` is how long a deflated data set may be, ``pixels`` how many one compressed
    frame may have, ``decode_memory_bytes`` what reading may take beyond an idle process: what is
    larger is not decoded, and an error.
    """

    associations: int = 32
    associations_per_peer: int = 8
    associate_bytes: int = 64 * 2**10
    pdu_bytes: int = 2**20
    message_bytes: int = 1 * 2**30
    handshake_s: float = 5.0
    header_s: float = 5.0
    body_s: float = 10.0
    idle_s: float = 60.0
    lifetime_s: float = 3600.0
    inflated_bytes: int = 64 * 2**20
    pixels: int = 16 * 2**20
    decode_s: float = 10.0
    decode_memory_bytes: int = 128 * 2**20
    free_disk_bytes: int = 2 * 2**30
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of the node, and of the authorities that sign its peers' certificates."""

    certificate: Path
    key: Path
    authorities: Path


@dataclass(frozen=True, slots=True)
class Node:
    """The node as configured.

    ``peers`` are keyed by AE title. ``destinations`` are the peers that images and records of
    every delivery go to, ``worklist`` the treatment management system, ``verifier`` the external
    verification system; empty: none. ``storage_commitment_s`` bounds the wait for a commitment
    before it is asked again. ``pseudonymise``: every peer is sent pseudonyms.
    """

    name: str
    ae_title: str
    host: str
    port: int
    peers: Mapping[str, Peer]
    tls: Tls | None = None
    destinations: tuple[str, ...] = ()
    worklist: str = ""
    verifier: str = ""
    unknown_peers: bool = False
    pseudonymise: bool = False
    storage_commitment_s: float = 600.0
    limits: Limits = Limits()
