"""State tables as diagrams for people (Mermaid)."""

from collections.abc import Mapping
from enum import StrEnum


def mermaid(table: Mapping[tuple[StrEnum, StrEnum], StrEnum], start: StrEnum) -> str:
    """The diagram of ``table``: one arrow for each pair of states, with all its events."""
    arrows: dict[tuple[StrEnum, StrEnum], list[str]] = {}
    for (state, event), to in table.items():
        arrows.setdefault((state, to), []).append(event.value)
    lines = [f"    [*] --> {_name(start)}"]
    lines += [
        f"    {_name(state)} --> {_name(to)}: {', '.join(events)}"
        for (state, to), events in arrows.items()
    ]
    return "\n".join(("stateDiagram-v2", *lines))


def _name(state: StrEnum) -> str:
    return state.value.replace("-", "_")
