"""``python -m tests.protocols.write`` rewrites tests/protocols/vectors/*.json."""

from tests.protocols.write.document import FOLDER, PAGES, document

FOLDER.mkdir(exist_ok=True)
for name in PAGES:
    (FOLDER / f"{name}.json").write_text(document(name), encoding="utf-8")
