"""Reading a TOML file into a validated model, with errors for the person who edits it."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.domain.errors import ConfigError


class Section(BaseModel):
    """A table of a configuration file: no unknown keys, no conversions, finite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


_Model = TypeVar("_Model", bound=Section)

_ADVICE = {
    "extra_forbidden": "unknown key; remove it or correct its spelling",
    "missing": "missing; add it",
    "model_type": "must be a table",
}


def read_config(file: Path, model: type[_Model]) -> _Model:
    """The file as ``model``. Raises ConfigError with the file, each dotted key and what to do."""
    try:
        return model.model_validate(_parse(file))
    except ValidationError as error:
        problems = "; ".join(
            f"{_dotted(item['loc'])}: {_ADVICE.get(item['type'], item['msg'])}"
            for item in error.errors(include_url=False)
        )
        raise ConfigError(f"{file}: {problems}") from error


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "file"
