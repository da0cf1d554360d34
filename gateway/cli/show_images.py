"""The ``image`` command on the terminal."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.app.portal_image import ImageRequest, look_at_images
from gateway.cli.show_records import print_result, print_table
from gateway.settings import Settings


def show_images(request: ImageRequest, settings: Settings, *, as_json: bool) -> None:
    """Print what every frame shows. Raises ConfigError, InputError."""
    shown = look_at_images(request, settings)
    if as_json:
        print_result(list(shown), "", as_json=True)
        return
    for one in shown:
        _show(one)


def _show(one: Mapping[str, Any]) -> None:
    lines = [
        f"{one['file']}: frame {one['frame']}: {one['kind']}",
        f"  collimator  {_pm(one['collimator_deg'], 'deg')}",
    ]
    if one["edges_mm"] is not None:
        edges = ", ".join(f"{axis} {_pm(edge)}" for axis, edge in one["edges_mm"].items())
        lines.append(f"  edges       {edges + ' mm' if edges else 'none is straight'}")
    if one["centre_mm"]:
        lines.append(f"  centre      x {_pm(one['centre_mm'][0])}, y {_pm(one['centre_mm'][1])} mm")
    if one.get("ball"):
        ball = one["ball"]
        lines.append(
            f"  ball        x {_pm(ball['x_mm'])}, y {_pm(ball['y_mm'])} mm, "
            f"diameter {ball['diameter_mm']:.1f} mm"
        )
    lines += [f"  assumed     {name}: {source}" for name, source in one["assumed"].items()]
    if "note" in one:
        lines.append(f"  note        {one['note']}")
    sys.stdout.write("\n".join(lines) + "\n")
    if "pickets_mm" in one:
        _show_pickets(one)
    elif "leaves" in one:
        titles = ("leaf", "X1 mm", "u", "X2 mm", "u")
        print_table(titles, one["leaves"], ("leaf", "X1_mm", "X1_u", "X2_mm", "X2_u"))


def _show_pickets(one: Mapping[str, Any]) -> None:
    places = ", ".join(f"{picket['value']:.2f}" for picket in one["pickets_mm"])
    worst = one["worst"]
    sys.stdout.write(
        f"  pickets     {places} mm, gaps of {one['gap_mm']:.2f} mm\n"
        f"  worst       leaf {worst['leaf']} of {worst['bank']}, picket {worst['picket']}: "
        f"{worst['error_mm']:+.3f} mm\n"
    )
    rows: Sequence[Mapping[str, Any]] = one["leaves"]
    print_table(("leaf", "worst centre mm", "RMS mm"), rows, ("leaf", "worst_mm", "rms_mm"))


def _pm(measured: Mapping[str, float], unit: str = "") -> str:
    text = f"{measured['value']:.3f} ({measured['u']:.3f})"
    return f"{text} {unit}" if unit else text
