"""The ``gamma`` command's result on the terminal, and as JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from gateway.app.gamma import GammaComparison, GammaVerdict, compare_files
from gateway.cli.ending import EXIT_OUT_OF_TOLERANCE
from gateway.cli.options import common
from gateway.cli.show_records import print_result
from gateway.domain.image_assumptions import ImageAssumptions


def show_gamma(
    reference: Path,
    evaluated: Path,
    tolerances: str,
    changed: Mapping[str, float | None],
    assumptions: ImageAssumptions,
    refine: int = 1,
    *,
    local: bool,
    as_json: bool,
) -> int:
    """Compare and print; the exit code. Raises InputError, ConfigError."""
    comparison = compare_files(
        reference,
        evaluated,
        common.settings(),
        tolerances,
        {name: value for name, value in changed.items() if value is not None},
        local,
        [assumptions],
        refine,
    )
    print_result(_json(comparison), _text(comparison), as_json=as_json)
    return 0 if comparison.verdict is GammaVerdict.WITHIN else EXIT_OUT_OF_TOLERANCE


def _json(comparison: GammaComparison) -> dict[str, object]:
    found, limits = comparison.map, comparison.tolerance
    return {
        "verdict": comparison.verdict.value,
        "pass_rate_percent": found.pass_rate_percent,
        "mean": found.mean,
        "p99": found.p99,
        "points": found.counted,
        "beyond_border": found.beyond_border,
        "unit": comparison.unit,
        "criteria": asdict(found.criteria),
        "tolerance_percent": limits.tolerance_percent,
        "action_percent": limits.action_percent,
        "origin": limits.origin,
        "notes": list(comparison.notes),
    }


def _text(comparison: GammaComparison) -> str:
    found, limits, criteria = comparison.map, comparison.tolerance, comparison.map.criteria
    way = "local" if criteria.local else "global"
    rate = f"{found.pass_rate_percent:.2f} % of {found.counted} points pass"
    bounds = f"tolerance {limits.tolerance_percent:g} %, action {limits.action_percent:g} %"
    asked = f"{criteria.dose_percent:g} %/{criteria.distance_mm:g} mm {way}"
    cut = f"cut-off {criteria.cutoff_percent:g} %"
    lines = [
        f"{comparison.verdict.value}: {rate} ({bounds})",
        f"  gamma {asked}, {cut}: mean {found.mean:.3f}, 99 % within {found.p99:.3f}",
        f"  limits: {limits.origin}",
        *(f"  note: {note}" for note in comparison.notes),
    ]
    return "\n".join(lines)
