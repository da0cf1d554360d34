"""One self-contained HTML page that says how a delivery went."""

from gateway.adapters.report.data import BeamNotBegun, ReportBeam, ReportData
from gateway.adapters.report.page import NOT_CLINICAL, render_report

__all__ = ["NOT_CLINICAL", "BeamNotBegun", "ReportBeam", "ReportData", "render_report"]
