"""One self-contained HTML page that says how a delivery went."""

from gateway.adapters.report.data import BeamNotBegun, ReportBeam, ReportData
from gateway.adapters.report.page import render_report

__all__ = ["BeamNotBegun", "ReportBeam", "ReportData", "render_report"]
