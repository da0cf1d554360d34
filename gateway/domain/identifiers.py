"""Identifiers that are the same again whenever they are made from the same words."""

import hashlib
from uuid import UUID

_UUID_FIELDS = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)
_UUID_VERSION_8 = (8 << 76) | (2 << 62)


def derived_uid(*parts: str) -> str:
    """The UID ``2.25.<integer>`` (PS3.5 B.2) that follows from ``parts`` and nothing else.

    The integer is a name-based UUID of version 8 (RFC 9562) over SHA-256.
    """
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    return f"2.25.{UUID(int=digest & _UUID_FIELDS | _UUID_VERSION_8).int}"
