"""Where configuration files are, and which there are."""

from collections.abc import Sequence
from pathlib import Path

from gateway.domain.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]


def config_roots(extra: Path | None) -> tuple[Path, ...]:
    """The folders searched for configuration, first match first: the site's own, then ours.

    Ours is ``_config`` in the installed package, or ``config`` in a checkout. Raises ConfigError
    when the site's folder does not exist.
    """
    installed = _PACKAGE / "_config"
    ours = installed if installed.is_dir() else _PACKAGE.parent / "config"
    if extra is None:
        return (ours,)
    if not extra.is_dir():
        raise ConfigError(f"{extra}: the site's configuration folder does not exist")
    return (extra, ours)


def config_files(kind: str, roots: Sequence[Path]) -> dict[str, Path]:
    """Every file of one kind (``machines``, ``rooms``, ...) by name, names in order."""
    found = {file.stem: file for root in reversed(roots) for file in (root / kind).glob("*.toml")}
    return dict(sorted(found.items()))


def find_config(kind: str, name: str, roots: Sequence[Path]) -> Path:
    """The file ``kind/name.toml``. Raises ConfigError that lists what there is."""
    files = config_files(kind, roots)
    if name not in files:
        known = ", ".join(files) or "none"
        raise ConfigError(f"there is no {kind}/{name}.toml; there is: {known}")
    return files[name]
