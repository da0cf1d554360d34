"""``people.toml``: who may watch and who may operate, by the hashes of their tokens."""

import contextlib
import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.adapters.web.access import Person, Role
from gateway.adapters.webstore.sessions import hashed
from gateway.domain.errors import ConfigError

PEOPLE = "people.toml"
_TOKEN_BYTES = 32
_HEAD = """\
# Who may use the dashboard and the HTTP API. role: "watch" looks, "operate" gives commands too.
# token_sha256 is the SHA-256 of the person's token:  printf %s TOKEN | sha256sum
"""
_HASH = r"^[0-9a-f]{64}$"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Role
    token_sha256: Annotated[str, Field(pattern=_HASH)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    people: dict[Annotated[str, Field(min_length=1, max_length=64)], _Entry]


def read_people(folder: Path) -> Mapping[str, Person]:
    """People by the hash of their token. Raises ConfigError."""
    path = folder / PEOPLE
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: {where}: {first['msg']}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    people = {entry.token_sha256: Person(name, entry.role) for name, entry in found.people.items()}
    if len(people) != len(found.people):
        raise ConfigError(f"{path}: two people have the same token; give each their own")
    return people


def first_person(folder: Path, name: str) -> str | None:
    """Where there is no file yet: make one with ``name``, who may operate; their token.

    The token is kept nowhere. Raises ConfigError.
    """
    path = folder / PEOPLE
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    entry = f'[people.{json.dumps(name)}]\nrole = "operate"\ntoken_sha256 = "{hashed(token)}"\n'
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{_HEAD}\n{entry}")
            return token
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    return None
