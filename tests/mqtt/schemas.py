"""The JSON Schemas in ``docs/schemas``, as an independent validator reads them.

``python -m tests.mqtt.schemas`` writes them from the messages.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from gateway.adapters.mqtt.messages import MODELS

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


def schema_of(name: str) -> dict[str, Any]:
    """As the message is."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return head | MODELS[name].model_json_schema(mode="serialization")


@cache
def _validator(name: str) -> Any:
    return jsonschema_rs.validator_for(json.loads((FOLDER / f"mqtt-{name}.json").read_text()))


def valid(name: str, payload: bytes) -> None:
    """Raises ValueError for a payload that is not as the published schema says."""
    _validator(name).validate(json.loads(payload))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in MODELS:
        text = json.dumps(schema_of(one), indent=2, ensure_ascii=False)
        (FOLDER / f"mqtt-{one}.json").write_text(text + "\n")
