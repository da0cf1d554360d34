"""The ``reconcile`` command's printing: a table for every pair of witnesses."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.cli.show_delivery import cause_text, show_summary
from gateway.cli.show_image_witness import show_image
from gateway.cli.show_records import print_result, print_table

if TYPE_CHECKING:
    from gateway.app.witnesses import Asked
    from gateway.settings import Settings

MOST_CAUSES = 8
"""How many causes of a pair are printed; JSON has them all."""
_TITLES = ("axis", "unit", "max", "rms", "p95", "")


def show_reconciliation(asked: "Asked", settings: "Settings", *, as_json: bool) -> int:
    """Print the result; the exit code: 0 where it passes, else 1. Raises GatewayError."""
    from gateway.app.reconcile import reconcile_witnesses

    result, passed = reconcile_witnesses(asked, settings)
    if as_json:
        print_result(result, "", as_json=True)
        return 0 if passed else 1
    if result["delivery_id"] is not None:
        show_summary(result, as_json=False)
    else:
        plan = result["plan"]
        sys.stdout.write(
            f"plan    {plan['label']}, fraction group {plan['fraction_group']}\n"
            f"room    {result['room']}, tolerances {result['tolerances']}\n"
        )
    for pair in result["pairs"]:
        _show_pair(pair)
    for image in result["images"]:
        show_image(image)
    _show_verdict(result)
    return 0 if passed else 1


def _show_pair(pair: Mapping[str, Any]) -> None:
    one, other = pair["witnesses"]
    metersets = pair["meterset_mu"]
    dose = "dose not told in MU" if metersets is None else f"{_mu(metersets)} MU"
    covered = pair["covered_leaves"]
    unjudged = f"; {covered} leaves under the jaws not judged" if covered else ""
    sys.stdout.write(
        f"\nbeam {pair['beam']} {pair['name']}, {one} against {other}: {dose}{unjudged}; "
        f"{pair['verdict']}\n"
    )
    rows = [
        {"axis": axis, "unit": errors["unit"], "": "out" if axis in pair["exceeded"] else ""}
        | {key: errors[key] for key in ("max", "rms", "p95")}
        for axis, errors in pair["errors"].items()
    ]
    print_table(_TITLES, rows, _TITLES)
    causes = pair["causes"]
    for cause in causes[:MOST_CAUSES]:
        sys.stdout.write(f"cause   {cause_text(cause)}\n")
    if len(causes) > MOST_CAUSES:
        sys.stdout.write(f"and {len(causes) - MOST_CAUSES} more causes; see --json\n")


def _mu(metersets: Any) -> str:
    first, second = metersets
    return f"{second:.3f} of {first:.3f}"


def _show_verdict(result: Mapping[str, Any]) -> None:
    beams = len(result["witnesses"])
    unseen = result["unwitnessed"]
    left = f"; no witness of beam {', '.join(map(str, unseen))}" if unseen else ""
    seen = f"{beams} beam" if beams == 1 else f"{beams} beams"
    sys.stdout.write(f"\nverdict {result['verdict'].upper()}, {seen}{left}\n")
