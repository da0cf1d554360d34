"""Findings about meaning, with the clause that each rests on."""

from gateway.domain.findings import Finding, Severity


def wrong(rule: str, path: str, message: str, clause: str) -> Finding:
    """Against the standard."""
    return Finding(Severity.ERROR, rule, path, message, f"PS3.3 {clause}")


def doubtful(rule: str, path: str, message: str, clause: str) -> Finding:
    """Not against the standard's words, and hardly meant."""
    return Finding(Severity.WARNING, rule, path, message, f"PS3.3 {clause}")
