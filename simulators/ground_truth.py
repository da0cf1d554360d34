"""What was really done to a simulated room, kept as JSON beside its dose counter."""

import json
from collections.abc import Mapping
from pathlib import Path

from gateway.domain.errors import ConfigError

Fact = str | int | float | bool | None


class Entry:
    """One fault: what was asked, what was chosen, and what it did."""

    def __init__(self, truth: "GroundTruth", fault: str, asked: Mapping[str, Fact]) -> None:
        self._truth = truth
        self.bound = False
        """Whether a program was loaded in which the fault can act."""
        self._facts: dict[str, Fact] = {"fault": fault, **asked, "injected": False}

    @property
    def facts(self) -> Mapping[str, Fact]:
        """As it stands in the file."""
        return self._facts

    def note(self, **facts: Fact) -> None:
        """Add or replace facts; they are on file when this returns."""
        if any(key not in self._facts or self._facts[key] != fact for key, fact in facts.items()):
            self._facts.update(facts)
            self._truth.save()


class GroundTruth:
    """The file; written anew, whole, with every fact that changes."""

    def __init__(self, path: Path, room: str, seed: int) -> None:
        """Raises ConfigError when the file cannot be written."""
        self._path = path
        self._room = room
        self._seed = seed
        self._entries: list[Entry] = []
        self.save()

    def entry(self, fault: str, asked: Mapping[str, Fact]) -> Entry:
        """A new fault."""
        entry = Entry(self, fault, asked)
        self._entries.append(entry)
        self.save()
        return entry

    @classmethod
    def unkept(cls, room: str) -> "GroundTruth":
        """One without a file, for a rehearsal."""
        return _Unkept(room)

    def save(self) -> None:
        """Replace the file as a whole."""
        content = {
            "room": self._room,
            "seed": self._seed,
            "faults": [dict(entry.facts) for entry in self._entries],
        }
        aside = self._path.with_suffix(".part")
        try:
            aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            aside.replace(self._path)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}") from error


class _Unkept(GroundTruth):
    def __init__(self, room: str) -> None:
        self._room = room
        self._entries: list[Entry] = []

    def save(self) -> None:
        """Nothing is kept."""
