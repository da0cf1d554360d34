"""Gamma by pymedphys (0.41), which samples the evaluated distribution instead of solving for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gateway.domain.gamma import GammaCriteria
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray
from tests.oracles import ask


def pymedphys_gamma(
    reference: RegularGrid,
    evaluated: RegularGrid,
    criteria: GammaCriteria,
    folder: Path,
    **options: Any,
) -> tuple[FloatArray, Mapping[str, float]]:
    """Its map, and ``wall_s`` and ``cpu_s``; ``options`` are pymedphys' own."""
    told = {
        name: {
            "values": _saved(grid.values, folder / f"{name}.npy"),
            "origin_mm": grid.origin_mm,
            "spacing_mm": grid.spacing_mm,
        }
        for name, grid in (("reference", reference), ("evaluated", evaluated))
    }
    took = ask(
        "gamma_pymedphys",
        timeout_s=1800.0,
        **told,
        dose_percent=criteria.dose_percent,
        distance_mm=criteria.distance_mm,
        options={
            "lower_percent_dose_cutoff": criteria.cutoff_percent,
            "local_gamma": criteria.local,
            "max_gamma": criteria.maximum_gamma,
            **options,
        },
        gamma=folder / "gamma.npy",
    )
    values: FloatArray = np.load(folder / "gamma.npy")
    return values, took


def _saved(values: FloatArray, path: Path) -> str:
    np.save(path, values)
    return str(path)
