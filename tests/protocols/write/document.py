"""The vector files: which there are and their JSON text."""

import json
from pathlib import Path

from tests.protocols.write import grbl, lcp, pfp

FOLDER = Path(__file__).parents[1] / "vectors"

PAGES = {
    "lcp1": ("LCP/1", "linac-control.md", lcp.vectors),
    "pfp1": ("PFP/1", "portal-frame.md", pfp.vectors),
    "grbl11": ("Grbl 1.1", "couch-grbl.md", grbl.vectors),
}


def document(name: str) -> str:
    """The JSON text of one vector file."""
    protocol, page, vectors = PAGES[name]
    provenance = f"spelled out from docs/protocols/{page} by tests/protocols/write"
    body = {"protocol": protocol, "provenance": provenance, "vectors": vectors()}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"
