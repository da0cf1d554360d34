"""The page: everything in reading order, nothing from outside."""

from datetime import UTC, datetime
from importlib.resources import files

from gateway.adapters.report.beam import beam_section
from gateway.adapters.report.data import ReportData
from gateway.adapters.report.markup import table, tag, text
from gateway.adapters.report.summary import beams_table, key_figures, verdict_banner
from gateway.domain.reconciliation import Verdict
from gateway.domain.units import NS_PER_S

NOT_CLINICAL = "Not for clinical use. Research, quality assurance and test benches only."

_HATCH = (
    '<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="1.5" height="6" class="hatch-line"/></pattern>'
    "</defs></svg>"
)


def render_report(report: ReportData) -> str:
    """One self-contained HTML document: no script, no font, no address outside of it.

    Beams that failed come first.
    """
    result = report.reconciliation
    title = f"{result.verdict.value.upper()}: {report.plan_label}, fraction {report.fraction}"
    beams = sorted(
        zip(result.beams, report.beams, strict=True),
        key=lambda pair: pair[0].verdict is Verdict.PASS,
    )
    sections = [beam_section(report, beam, source) for beam, source in beams]
    body = tag(
        "body",
        _HATCH,
        _header(report),
        tag(
            "main",
            verdict_banner(report),
            key_figures(report),
            beams_table(report) if result.beams else "",
            *sections,
            _findings(report),
            _tolerances(report),
            _provenance(report),
        ),
        tag("footer", tag("p", tag("strong", text(NOT_CLINICAL)))),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(title), body, lang='en')}\n"


def _head(title: str) -> str:
    css = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        tag("title", text(title)),
        tag("style", css),
    )


def _header(report: ReportData) -> str:
    line = f"Plan {report.plan_label}, fraction {report.fraction}, room {report.room}"
    return tag(
        "header",
        tag("p", text("Delivery report"), class_="kind"),
        tag("p", text(f"{line}, {_moment(report.started_ns)}")),
        tag("p", text(NOT_CLINICAL), class_="warning"),
    )


def _findings(report: ReportData) -> str:
    heading = tag("h2", "Findings")
    if not report.findings:
        return tag("section", heading, tag("p", "No findings."))
    rows = [
        (
            tag("span", text(finding.severity), class_=f"chip {finding.severity}"),
            text(finding.message),
            text(finding.rule),
            tag("code", text(finding.path)) if finding.path else "",
        )
        for finding in report.findings
    ]
    headers = ("Severity", "What", "Rule", "Where")
    return tag(
        "section",
        heading,
        table("Of reading and checking the plan", headers, rows, class_="cards findings"),
    )


def _tolerances(report: ReportData) -> str:
    tolerances = report.reconciliation.tolerances
    rows = [
        (
            text(quantity.replace("_", " ")),
            *(
                text("\u2013" if limit is None else f"{limit:g}")
                for limit in (tolerance.maximum, tolerance.rms, tolerance.p95)
            ),
            text(tolerance.unit),
            text(tolerance.origin),
        )
        for quantity, tolerance in tolerances.quantities.items()
    ]
    headers = ("Quantity", "Maximum", "RMS", "95th percentile", "Unit", "Origin")
    return tag(
        "section",
        tag("h2", "Tolerances"),
        table(
            f"The set \u201c{tolerances.name}\u201d; \u2013 is not judged",
            headers,
            rows,
            class_="cards",
        ),
    )


def _provenance(report: ReportData) -> str:
    machine, panel = report.machine, report.panel
    entries = [
        ("Delivery", report.delivery_id),
        ("Plan", report.plan_label),
        ("Plan SOP Instance UID", report.plan_sop_instance_uid),
        ("Fraction group, fraction", f"{report.fraction_group}, {report.fraction}"),
        ("Started", _moment(report.started_ns)),
        ("Ended", _moment(report.ended_ns)),
        ("Room", report.room),
        ("Gateway", f"linac-gateway {report.software_version}"),
        ("Seed", "none" if report.seed is None else str(report.seed)),
    ]
    if machine is not None:
        entries.append(("Linac", _device(machine.manufacturer, machine.model_name)))
        entries.append(("Linac serial number", machine.serial_number))
        entries.append(("Linac software", machine.software_version))
    if panel is not None:
        entries.append(("Portal imager", _device(panel.manufacturer, panel.model_name)))
        entries.append(("Portal imager serial number", panel.serial_number))
        entries.append(("Portal imager software", panel.software_version))
    rows = [tag("div", tag("dt", text(name)), tag("dd", text(value))) for name, value in entries]
    return tag("section", tag("h2", "Provenance"), tag("dl", *rows, class_="provenance"))


def _device(manufacturer: str, model: str) -> str:
    return f"{manufacturer} {model}".strip()


def _moment(at_ns: int) -> str:
    """A time stamp for people, UTC."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
