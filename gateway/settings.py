"""Settings: built-in defaults, a TOML file, environment, command line, in rising precedence."""

import getpass
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.domain.errors import ConfigError


class Links(BaseModel):
    """Where devices are reached, in place of the room file's own links."""

    model_config = ConfigDict(extra="forbid")

    linac: str | None = None
    couch: str | None = None
    imager: str | None = None


class Web(BaseModel):
    """Where the dashboard and its HTTP API are served.

    ``allowed_hosts`` are further names by which a browser may ask for it. ``certificate`` and
    ``key`` are files in PEM; with them it speaks HTTPS only.
    """

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None


class Mqtt(BaseModel):
    """Which broker is told what happens in the room: ``docs/mqtt.md``.

    ``url`` is ``mqtt://host:port``, ``mqtts://host:port``, or ``embedded:port`` for a broker of
    our own on the loopback interface. ``telemetry_hz`` is the most samples a second that are told.
    """

    model_config = ConfigDict(extra="forbid")

    url: str
    root: str = "linac-gateway"
    site: str = "site"
    telemetry_hz: float = Field(default=50.0, ge=0.0, le=1000.0)
    user: str | None = None
    password_file: Path | None = None
    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    discovery: bool = False
    discovery_prefix: str = "homeassistant"
    repeat_s: float = Field(default=120.0, ge=0.0, le=86_400.0)
    patience_s: float = Field(default=10.0, gt=0.0, le=300.0)


def _default_store() -> Path:
    return user_data_path("linac-gateway", appauthor=False)


def _user() -> str:
    """Who is at work; a process of a container may have a number and no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


class Settings(BaseSettings):
    """One validated object for everything a site may set.

    Environment variables are ``LINAC_GATEWAY_STORE``, ``LINAC_GATEWAY_SITE``,
    ``LINAC_GATEWAY_OPERATOR``, ``LINAC_GATEWAY_PSEUDONYMISE``, ``LINAC_GATEWAY_LINKS__LINAC``
    (and so on) and ``LINAC_GATEWAY_MQTT__URL`` (and so on). ``pseudonymise``: whatever a node
    sends, to any peer, goes under pseudonyms. Without ``mqtt`` no broker is told anything.
    ``log_format`` is that of ``serve``.
    """

    model_config = SettingsConfigDict(
        env_prefix="LINAC_GATEWAY_", env_nested_delimiter="__", extra="forbid"
    )

    store: Path = Field(default_factory=_default_store)
    site: Path | None = None
    operator: str = Field(default_factory=_user)
    links: Links = Links()
    web: Web = Web()
    mqtt: Mqtt | None = None
    log_format: Literal["json", "text"] | None = None
    pseudonymise: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the framework's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the framework's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the framework's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before the file, which comes in as init values."""
        return env_settings, init_settings


def load_settings(file: Path | None, store: Path | None = None) -> Settings:
    """The effective settings; ``store`` is the command line's. Raises ConfigError."""
    values = {} if file is None else _read_toml(file)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        where = "environment" if file is None else f"{file} or environment"
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
            for item in error.errors()
        )
        raise ConfigError(f"{where}: {problems}") from error
    wanted = settings.store if store is None else store
    return settings.model_copy(update={"store": wanted.expanduser()})


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error
