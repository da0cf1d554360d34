"""Node files: ``config/nodes/NAME.toml``."""

from collections.abc import Sequence
from dataclasses import fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, create_model, model_validator

from gateway.configuration.locate import config_files, find_config
from gateway.configuration.toml_file import Section, read_config
from gateway.domain.errors import ConfigError
from gateway.domain.node import Limits, Node, Peer, Policy, Tls

_KIND = "nodes"
_AeTitle = Annotated[
    str, Field(min_length=1, max_length=16, pattern=r"^[^\\\x00-\x1f]*[^\\\s][^\\]*$")
]
_Port = Annotated[int, Field(ge=0, le=65535)]
_POLICIES = "|".join(policy.value for policy in Policy)


class PeerFile(Section):
    """An application entity."""

    host: str = ""
    port: _Port = 0
    policy: str = Field(default=Policy.ACCEPT.value, pattern=f"^({_POLICIES})$")
    transfer_syntaxes: list[str] = Field(default_factory=list)
    tls: bool = False
    certificate_name: str = ""
    room: str = ""
    pseudonymise: bool = False
    commitment: bool = True
    user_identity: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.policy == Policy.DELIVER.value) != bool(self.room):
            raise ValueError('policy "deliver" wants a room, and a room that policy')
        if self.port and not self.host:
            raise ValueError("a port wants a host")
        return self

    def peer(self, ae_title: str) -> Peer:
        """The domain's form."""
        values = self.model_dump()
        values["policy"] = Policy(self.policy)
        values["transfer_syntaxes"] = tuple(self.transfer_syntaxes)
        return Peer(ae_title, **values)


class TlsFile(Section):
    """PEM files, relative to the node file."""

    certificate: str
    key: str
    authorities: str

    def tls(self, folder: Path) -> Tls:
        """The domain's form."""
        return Tls(folder / self.certificate, folder / self.key, folder / self.authorities)


def _limits_model() -> type[Section]:
    """Every limit of :class:`Limits`, each a number above 0, with its default."""
    defaults = Limits()
    keys: dict[str, Any] = {
        field.name: (
            type(getattr(defaults, field.name)),
            Field(default=getattr(defaults, field.name), gt=0),
        )
        for field in fields(Limits)
    }
    return create_model("LimitsFile", __base__=Section, **keys)


LimitsFile = _limits_model()


class NodeFile(Section):
    """A node."""

    description: str
    ae_title: _AeTitle
    host: str = "127.0.0.1"
    port: _Port
    unknown_peers: bool = False
    destinations: list[str] = Field(default_factory=list)
    worklist: str = ""
    verifier: str = ""
    storage_commitment_s: float = Field(default=600.0, gt=0)
    tls: TlsFile | None = None
    limits: Section = LimitsFile()
    peers: dict[_AeTitle, PeerFile] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("limits"), dict):
            return values | {"limits": LimitsFile.model_validate(values["limits"])}
        return values

    @model_validator(mode="after")
    def _known(self) -> Self:
        named = [*self.destinations, *filter(None, (self.worklist, self.verifier))]
        unknown = sorted(set(named) - set(self.peers))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: named, but no peer; add [peers.{unknown[0]}]")
        silent = sorted({name for name in named if not self.peers[name].port})
        if silent:
            raise ValueError(f"peers.{silent[0]}: is to be called, and has no host and port")
        return self

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.unknown_peers and self.tls is None and not _is_loopback(self.host):
            raise ValueError("unknown_peers wants a loopback host, or tls")
        return self


def node_names(roots: Sequence[Path]) -> tuple[str, ...]:
    """Every node that is configured."""
    return tuple(config_files(_KIND, roots))


def load_node(name: str, roots: Sequence[Path], *, pseudonymise: bool = False) -> Node:
    """The node called ``name``, with ``pseudonymise`` for every peer. Raises ConfigError."""
    path = find_config(_KIND, name, roots)
    file = read_config(path, NodeFile)
    tls = None if file.tls is None else file.tls.tls(path.parent)
    return Node(
        name=name,
        ae_title=file.ae_title,
        host=file.host,
        port=file.port,
        peers={title: _peer(title, peer, pseudonymise) for title, peer in file.peers.items()},
        tls=tls if tls is None else _readable(path, tls),
        destinations=tuple(file.destinations),
        worklist=file.worklist,
        verifier=file.verifier,
        unknown_peers=file.unknown_peers,
        pseudonymise=pseudonymise,
        storage_commitment_s=file.storage_commitment_s,
        limits=Limits(**file.limits.model_dump()),
    )


def _peer(title: str, file: PeerFile, pseudonymise: bool) -> Peer:
    peer = file.peer(title)
    return replace(peer, pseudonymise=True) if pseudonymise else peer


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _readable(path: Path, tls: Tls) -> Tls:
    for file in (tls.certificate, tls.key, tls.authorities):
        if not file.is_file():
            raise ConfigError(f"{path}: tls: {file} is no file")
    return tls
