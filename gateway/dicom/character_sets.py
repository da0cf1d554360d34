"""What decoding leaves to be done for texts with code extensions (PS3.5 6.1.2.5)."""

import re
from typing import Any

_ESCAPE = re.compile("\x1b[\x20-\x2f]+[\x30-\x7e]")
"""An escape sequence of ISO 2022: intermediate bytes, then a final one."""


def without_escapes(value: Any) -> Any:
    """Texts, at any depth of JSON, without the escape sequences that a decoder left.

    Python's codec of GB 2312 leaves those of ISO 2022 IR 58.
    """
    if isinstance(value, str):
        return _ESCAPE.sub("", value) if "\x1b" in value else value
    if isinstance(value, list):
        return [without_escapes(one) for one in value]
    if isinstance(value, dict):
        return {key: without_escapes(one) for key, one in value.items()}
    return value
