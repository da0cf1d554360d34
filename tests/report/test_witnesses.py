"""Plan, log and image stand side by side, and the leaf that only the image shows is named."""

from dataclasses import replace

import pytest

from gateway.adapters.report import render_report
from gateway.adapters.report.leaf_witnesses import leaf_figure
from gateway.adapters.report.pair_table import pair_table
from gateway.adapters.report.witnesses import witness_figures, witness_table
from gateway.domain.gamma import GammaCriteria
from gateway.domain.reconciliation import (
    BeamReconciliation,
    ErrorStatistics,
    GammaTolerance,
    PairReconciliation,
    Verdict,
)
from gateway.domain.witnesses import Diagnosis, Difference
from tests.report import samples, witnessed
from tests.report.test_report import Page

LIMITS = GammaTolerance(GammaCriteria(), 95.0, 90.0, "test")


def test_the_guilty_leaf_is_named_with_what_each_witness_says() -> None:
    words = Page(witness_table(witnessed.matrix())).text
    assert "MLCX X2 leaf 21" in words
    assert "+1.40 mm (limit 0.18)" in words
    assert "0.00 mm (limit 0.11)" in words
    assert "the log is blind" in words
    assert "130 comparisons" in words


def test_where_nothing_is_wrong_every_axis_is_shown_once() -> None:
    found = witnessed.matrix()
    rows = tuple(replace(row, diagnosis=Diagnosis.CORRECT) for row in found.rows)
    page = witness_table(replace(found, rows=rows))
    assert page.count("as planned") == 2
    assert Page(page).text.count("MLCX") == 1


def test_a_leaf_that_the_image_does_not_see_has_no_mark_of_it() -> None:
    drawing = leaf_figure(witnessed.matrix(), "MLCX")
    assert drawing.count('class="log-mark"') == 80
    assert drawing.count('class="image-mark"') == 39
    assert drawing.count('class="image-guilty"') == 1


@pytest.mark.parametrize(
    ("tolerance", "action", "says"),
    [
        (95.0, 90.0, "Within tolerance (from 95 % on)."),
        (99.9, 90.0, "Below tolerance (99.9 %), above the action limit (90 %)."),
        (99.9, 99.85, "Below the action limit (99.85 %)."),
    ],
)
def test_gamma_is_judged_by_both_limits(tolerance: float, action: float, says: str) -> None:
    limits = GammaTolerance(GammaCriteria(), tolerance, action, "test")
    page = " ".join(witness_figures(witnessed.matrix(), limits))
    assert "99.80 % pass" in page
    assert says in page


def test_without_gamma_its_map_is_left_out() -> None:
    found = witnessed.matrix()
    without = replace(found, image=replace(found.image, gamma=None))
    assert len(witness_figures(without, LIMITS)) == len(witness_figures(found, LIMITS)) - 1


def test_the_report_says_what_only_the_image_shows() -> None:
    words = Page(render_report(samples.miscalibrated_leaf())).text
    assert words.index("Leaf miscalibration") < words.index("Three witnesses")
    assert "the image shows it, the log does not" in words


def test_a_leaf_that_only_the_image_shows_is_not_marked_where_telemetry_is_drawn() -> None:
    page = render_report(samples.miscalibrated_leaf())
    before, _, after = page.partition("Three witnesses")
    assert 'class="ring"' not in before
    assert "image-guilty" in after


def _logged() -> BeamReconciliation:
    """Plan, telemetry and log agree; the log is off the plan by 9 mm somewhere."""
    (beam,) = samples.miscalibrated_leaf().reconciliation.beams
    far = {"MLCX": ErrorStatistics(9.0, 1.0, 1.0, 2.0, "mm")}
    off = PairReconciliation(("plan", "log"), 1, "", Verdict.FAIL, ("MLCX",), far, None, 0, ())
    return replace(beam, pairs=(off, replace(off, witnesses=("telemetry", "log"))))


def test_every_pair_of_witnesses_stands_in_a_row() -> None:
    words = Page(pair_table(_logged())).text
    for row in ("Plan, telemetry ", "Plan, log 9.00 mm", "Telemetry, log 9.00 mm",
                "Plan, image 1.40 mm", "Telemetry, image 1.40 mm"):  # fmt: skip
        assert row in words
    assert words.count("agree") == 1
    assert words.count("differ") == 4


def test_a_pair_by_itself_is_told_elsewhere() -> None:
    assert pair_table(replace(_logged(), pairs=(), witnesses=None)) == ""


def test_what_the_image_does_not_see_does_not_hide_the_rest() -> None:
    found = witnessed.matrix()
    far = Difference(10.0, 0.03)
    rows = tuple(
        row if row.leaf is None or row.diagnosis is not Diagnosis.CORRECT
        else replace(row, logged_minus_planned=far, diagnosis=Diagnosis.UNSEEN)
        for row in found.rows
    )  # fmt: skip
    words = Page(witness_table(replace(found, rows=rows))).text
    assert words.index("MLCX X2 leaf 21") < words.index("does not see")
    assert words.count("does not see") == 3
    assert "76 more are not shown" in words
