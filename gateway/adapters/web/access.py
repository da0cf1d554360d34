"""Who may do what: people, their sessions, and the names this service answers to."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Role(StrEnum):
    """What a person may do: look, or give commands too."""

    WATCH = "watch"
    OPERATE = "operate"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. ``name`` is empty for somebody on this computer who only looks."""

    name: str
    role: Role


NOBODY = Person("", Role.WATCH)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session: its person, and the word that its commands have to repeat."""

    person: Person
    csrf: str


class Sessions(Protocol):
    """Knows people by their tokens and browsers by their cookies."""

    def person(self, token: str) -> Person | None:
        """Who has this bearer token. Returns at once."""
        ...

    def session(self, secret: str) -> Session | None:
        """The session of a cookie. Returns at once."""
        ...

    def open(self, token: str) -> tuple[str, Session] | None:
        """Begin a session; the cookie's secret and the session. May block. Raises StoreError."""
        ...

    def close(self, secret: str) -> None:
        """End a session. May block. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """The names by which this service may be asked for.

    ``local`` tells that it listens on the loopback interface only.
    """

    hosts: Collection[str]
    local: bool
    secure: bool = False

    def answers_to(self, host: str) -> bool:
        """Whether a Host header names this service."""
        return host_name(host) in self.hosts

    def from_here(self, host: str, client: str | None) -> bool:
        """Whether a request came from this computer itself, by one of the loopback's names."""
        here = self.local and host_name(host) in LOOPBACK_NAMES
        return here and client is not None and is_loopback(client)


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header is that of the page which this host served."""
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower() != ""


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without port and brackets; empty for what is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Whether an address or name is this computer's own."""
    if address in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
