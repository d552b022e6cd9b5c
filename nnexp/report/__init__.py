"""The report: a sweep on one page of HTML."""

from nnexp.report.page import report_html, write_file, write_report

__all__ = ["report_html", "write_file", "write_report"]
