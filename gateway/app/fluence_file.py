"""Meterset maps as files: numpy's archive, or a table of text."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gateway.app.fluence import DELIVERED, PLANNED, BeamMaps
from gateway.domain.errors import ConfigError, InputError
from gateway.domain.units import FloatArray

_MM2_PER_CM2 = 100.0


def fluence_rows(beams: Sequence[BeamMaps]) -> list[dict[str, object]]:
    """What is shown of each beam: the highest MU, MU times cm2, and the largest difference."""
    return [_row(beam) for beam in beams]


def write_fluence(beams: Sequence[BeamMaps], out: Path) -> None:
    """Write all maps. Raises ConfigError for another kind of file, InputError where it cannot be.

    An archive (.npz) has ``beam_N_planned``, ``beam_N_delivered`` and the pixels' centres
    ``y_mm`` and ``x_mm``; a table (.csv) has a line for each row of each map.
    """
    write = _WRITERS.get(out.suffix.lower())
    if write is None:
        raise ConfigError(f"{out}: a map's name ends in {' or '.join(_WRITERS)}")
    if not any(beam.maps for beam in beams):
        raise InputError("there is no beam to map")
    try:
        write(beams, out)
    except OSError as problem:
        raise InputError(f"{out}: cannot be written: {problem.strerror}") from problem


def _row(beam: BeamMaps) -> dict[str, object]:
    row: dict[str, object] = {"beam": beam.number, "name": beam.name}
    for which in (PLANNED, DELIVERED):
        grid = beam.maps.get(which)
        if grid is None:
            row |= {f"{which}_highest_mu": None, f"{which}_mu_cm2": None}
            continue
        pixel_cm2 = abs(grid.spacing_mm[0] * grid.spacing_mm[1]) / _MM2_PER_CM2
        row[f"{which}_highest_mu"] = round(float(grid.values.max()), 3)
        row[f"{which}_mu_cm2"] = round(float(grid.values.sum()) * pixel_cm2, 3)
    both = len(beam.maps) == 2
    row["largest_difference_mu"] = (
        round(float(np.abs(beam.maps[DELIVERED].values - beam.maps[PLANNED].values).max()), 3)
        if both
        else None
    )
    return row


def _named(beams: Sequence[BeamMaps]) -> dict[str, FloatArray]:
    return {
        f"beam_{beam.number}_{which}": grid.values
        for beam in beams
        for which, grid in beam.maps.items()
    }


def _axes(beams: Sequence[BeamMaps]) -> dict[str, FloatArray]:
    grid = next(grid for beam in beams for grid in beam.maps.values())
    return {"y_mm": grid.coordinates_mm(0), "x_mm": grid.coordinates_mm(1)}


def _write_archive(beams: Sequence[BeamMaps], out: Path) -> None:
    arrays: dict[str, Any] = _axes(beams) | _named(beams)
    with out.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _write_table(beams: Sequence[BeamMaps], out: Path) -> None:
    axes = _axes(beams)
    with out.open("w", encoding="ascii") as file:
        file.write(",".join(("map (MU)", "y_mm", *(f"x {x:g} mm" for x in axes["x_mm"]))) + "\n")
        for name, values in _named(beams).items():
            for y, row in zip(axes["y_mm"], values, strict=True):
                file.write(",".join((name, f"{y:g}", *(f"{mu:.6g}" for mu in row))) + "\n")


_WRITERS: Mapping[str, Callable[[Sequence[BeamMaps], Path], None]] = {
    ".npz": _write_archive,
    ".csv": _write_table,
}
