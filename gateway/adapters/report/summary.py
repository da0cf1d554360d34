"""The top of the report: verdict, cause, the figures that matter, the beams."""

from gateway.adapters.report.canvas import number, quantity
from gateway.adapters.report.data import BeamNotBegun, ReportBeam, ReportData
from gateway.adapters.report.markup import table, tag, text
from gateway.adapters.report.wording import UNIT_SIGNS, axis_name, cause_sentence, cause_title
from gateway.domain.reconciliation import (
    BeamReconciliation,
    Cause,
    MotionComparison,
    Tolerances,
    Verdict,
)

MOST_CAUSES = 8
"""So many causes are spelt out below the first; the rest are counted."""

_STATES = {
    "complete": "Delivered completely",
    "terminated": "Ended before it was complete",
    "unresolved": "Meterset uncertain: blocked until resolved",
    "refused": "Refused: nothing was delivered",
}


def verdict_banner(data: ReportData) -> str:
    """The answer in one line, the reason in the next."""
    result = data.reconciliation
    passed = result.verdict is Verdict.PASS
    mark = tag("span", "\u2713" if passed else "\u2715", class_="mark", aria_hidden="true")
    word = "PASS" if passed else "FAIL"
    headline = tag("h1", mark, tag("span", word, class_="word"))
    return tag(
        "section",
        headline,
        tag("p", _answer(data), class_="answer"),
        _further(result.causes[1:], several=len(data.beams) > 1),
        class_=f"verdict {'pass' if passed else 'fail'}",
        aria_label="Verdict",
    )


def _answer(data: ReportData) -> str:
    result = data.reconciliation
    if result.causes:
        line = _cause_line(result.causes[0], several=len(data.beams) > 1)
        return line + text(_shortfall(result.causes[0], result.beams))
    if result.verdict is Verdict.PASS:
        beams = len(result.beams)
        words = {1: "The beam was", 2: "Both beams were"}.get(beams, f"All {beams} beams were")
        return text(f"{words} delivered as planned, within tolerance.")
    return text(_STATES.get(data.state, data.state) + ".")


def _shortfall(cause: Cause, beams: tuple[BeamReconciliation, ...]) -> str:
    """How far the blamed beam came, if it was not completed."""
    for beam in beams:
        if beam.beam_number == cause.beam and not beam.complete and beam.meterset.error_pulses < -1:
            about = "" if beam.meterset.certain else "About "
            delivered = number(beam.meterset.delivered_mu, 1)
            return (
                f" {about}{delivered} of {number(beam.meterset.planned_mu, 1)} MU were delivered."
            )
    return ""


def _cause_line(cause: Cause, *, several: bool) -> str:
    where = f"Beam {cause.beam}. " if several and cause.beam is not None else ""
    title = tag("strong", text(cause_title(cause)) + ".")
    return f"{title} {text(where + cause_sentence(cause))}"


def _further(causes: tuple[Cause, ...], *, several: bool) -> str:
    if not causes:
        return ""
    shown = [tag("li", _cause_line(cause, several=several)) for cause in causes[:MOST_CAUSES]]
    if len(causes) > MOST_CAUSES:
        shown.append(tag("li", text(f"and {len(causes) - MOST_CAUSES} more")))
    return tag("p", "Also, in order of consequence:", class_="also") + tag("ul", *shown)


def key_figures(data: ReportData) -> str:
    """Meterset, worst errors, holds and lost samples of the whole delivery."""
    beams = data.reconciliation.beams
    planned = sum(beam.meterset.planned_mu for beam in beams)
    planned += sum(beam.planned_mu for beam in data.not_begun)
    delivered = sum(beam.meterset.delivered_mu for beam in beams)
    motions = [beam.motion for beam in beams if beam.motion is not None]
    holds = sum(motion.holds.count for motion in motions)
    held_s = sum(motion.holds.time_s for motion in motions)
    lost = sum(motion.telemetry.lost for motion in motions)
    samples = sum(motion.telemetry.samples for motion in motions)
    figures = [
        ("Delivery", _STATES.get(data.state, data.state)),
        ("Meterset", f"{number(delivered, 2)} of {number(planned, 2)} MU"),
        ("Worst leaf error", _worst_leaf(beams)),
        ("Worst gantry error", _worst_axis(beams, "gantry")),
        ("Beam holds", "none" if holds == 0 else f"{holds}, {number(held_s, 2)} s in all"),
        ("Telemetry", f"{samples} samples, {lost} lost"),
    ]
    shown = [tag("div", tag("dt", text(name)), tag("dd", text(value))) for name, value in figures]
    return tag("dl", *shown, class_="figures")


def _largest(motion: MotionComparison, axis: str) -> float:
    """At any moment, as the table of the beams has it: also while the beam was held."""
    worst = abs(motion.worst.error) if motion.worst.axis == axis else 0.0
    return max(motion.errors[axis].maximum, worst)


def _worst_leaf(beams: tuple[BeamReconciliation, ...]) -> str:
    found = [
        _largest(beam.motion, axis)
        for beam in beams
        if beam.motion is not None
        for axis in beam.motion.errors
        if axis in beam.motion.leaves
    ]
    return f"{number(max(found), 2)} mm" if found else "not applicable"


def _worst_axis(beams: tuple[BeamReconciliation, ...], axis: str) -> str:
    found = [
        _largest(beam.motion, axis)
        for beam in beams
        if beam.motion is not None and axis in beam.motion.errors
    ]
    return f"{number(max(found), 2)}\u00b0" if found else "not applicable"


def beams_table(data: ReportData) -> str:
    """One row a beam."""
    rows = [
        _beam_row(beam, source, data.reconciliation.tolerances)
        for beam, source in zip(data.reconciliation.beams, data.beams, strict=True)
    ]
    rows += [_row_not_begun(beam) for beam in data.not_begun]
    headers = ("Beam", "Verdict", "Planned MU", "Delivered MU", "Ended", "Worst axis", "Holds")
    return table("Beams", headers, rows, class_="cards beams")


def _row_not_begun(beam: BeamNotBegun) -> tuple[str, ...]:
    title = _title(beam.number, beam.name)
    planned, nothing = number(beam.planned_mu, 3), number(0.0, 3)
    return (text(title), "", text(planned), text(nothing), text("not begun"), "", "")


def _beam_row(
    beam: BeamReconciliation, source: ReportBeam, tolerances: Tolerances
) -> tuple[str, ...]:
    delivery = source.evidence.delivery
    name = beam_title(beam)
    delivered = number(beam.meterset.delivered_mu, 3)
    delivered += "" if beam.meterset.certain else " (uncertain)"
    ended = delivery.termination_status.value
    if delivery.termination_reason:
        ended += f": {delivery.termination_reason}"
    holds = beam.motion.holds if beam.motion is not None else None
    return (
        tag("a", text(name), href=f"#beam-{beam.beam_number}"),
        verdict_chip(beam.verdict),
        text(number(beam.meterset.planned_mu, 3)),
        text(delivered),
        text(ended),
        text(_worst_of(beam, tolerances)),
        text(
            "0"
            if holds is None or not holds.count
            else f"{holds.count} ({holds.time_s:.2f}\u00a0s)"
        ),
    )


def beam_title(beam: BeamReconciliation) -> str:
    """``Beam 2: name``; the name only where it says more than the number."""
    return _title(beam.beam_number, beam.beam_name)


def _title(beam_number: int, name: str) -> str:
    title = f"Beam {beam_number}"
    says_more = name not in {"", title, str(beam_number)}
    return f"{title}: {name}" if says_more else title


def verdict_chip(verdict: Verdict) -> str:
    """A small PASS or FAIL."""
    return tag("span", verdict.value.upper(), class_=f"chip {verdict.value}")


def _worst_of(beam: BeamReconciliation, tolerances: Tolerances) -> str:
    """The axis that was farthest out at any time, with its tolerance."""
    if beam.motion is None:
        return "never on"
    worst = beam.motion.worst
    name = axis_name(worst.axis)
    if worst.leaf is not None:
        name = f"{worst.axis} {worst.bank} leaf {worst.leaf}"
    tolerance = tolerances.quantities.get(quantity_of(worst.axis))
    limit = tolerance.maximum if tolerance is not None else None
    unit = UNIT_SIGNS[worst.unit]
    words = f"{name}: {quantity(number(abs(worst.error), 2), unit)}"
    if limit is None:
        return words
    return f"{words} (tolerance at any moment {quantity(number(limit), unit)})"


def quantity_of(axis: str) -> str:
    """The key of an axis in the tolerances."""
    if axis in {"X1", "X2", "Y1", "Y2"}:
        return "jaw"
    return "leaf" if axis.startswith("MLC") else axis
