"""The report as PDF: the same page, laid out on paper."""

from gateway.adapters.report.pdf.document import report_pdf

__all__ = ["report_pdf"]
