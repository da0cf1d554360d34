"""What the ``reconcile`` command prints of a portal image."""

import sys
from collections.abc import Mapping
from typing import Any

from gateway.cli.show_delivery import cause_text

_MOST = 8
"""How many differing rows are printed; JSON has them all."""


def show_image(image: Mapping[str, Any]) -> None:
    """A few lines: figures, what was assumed, what differs, causes."""
    against = image["against"]
    alone = against == "plan"
    title = "no log: image against plan" if alone else f"image against plan and {against}"
    x, y = image["panel_mm"]
    rate = image["gamma_pass_percent"]
    gamma = "" if rate is None else f", gamma {rate:.1f} % pass"
    output = f"{100.0 * image['amplitude']:+.2f} %" if image["output_judged"] else "not judged"
    start_mu, end_mu = image["meterset_mu"]
    matched = f"({image['file']}, by {image['matched_by']})"
    figures = f"rms {image['rms_sigma']:.2f} sigma, output {output}, panel {x:+.2f}, {y:+.2f} mm"
    taken = f"{start_mu:.3f} to {end_mu:.3f} MU by the {image['meterset_from']}"
    lines = [
        f"\nbeam {image['beam']} {image['name']}, {title} {matched}: {image['verdict']}",
        f"image   {figures}{gamma}",
        f"taken   {taken}, panel {image['panel']}, {image['mode']}",
    ]
    lines += [f"assumed {name}: {source}" for name, source in image["assumed"].items()]
    differing = image["differing"]
    lines += [_differs(row) for row in differing[:_MOST]]
    if len(differing) > _MOST:
        lines.append(f"and {len(differing) - _MOST} more rows that differ; see --json")
    lines += [f"cause   {cause_text(cause)}" for cause in image["causes"]]
    sys.stdout.write("\n".join(lines) + "\n")


def _differs(row: Mapping[str, Any]) -> str:
    leaf = "" if row["leaf"] is None else f" {row['bank']} leaf {row['leaf']}"
    seen = row["image_minus_plan"]
    told = "" if seen is None else f" {seen['value']:+.3f} {row['unit']} off the plan,"
    return f"differs {row['axis']}{leaf}:{told} {row['diagnosis']}"
