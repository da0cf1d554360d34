"""An update as text: JSON, written once however many look on."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.domain.axes import AxisLayout, banks
from gateway.domain.delivery import Interlock
from gateway.formats.live_feed import LiveCouch, LiveSample

_MILLI = 1000


def update_text(
    number: int,
    state: Mapping[str, Any],
    sample: Mapping[str, Any] | None,
    couch: Mapping[str, Any] | None,
    image: Mapping[str, Any] | None,
) -> str:
    """The update without its last brace: each viewer's count of what it missed follows."""
    update = {"n": number, "state": state, "sample": sample, "couch": couch, "image": image}
    return json.dumps(update, ensure_ascii=False, separators=(",", ":"), allow_nan=False)[:-1]


def sample_row(live: LiveSample, layout: AxisLayout) -> dict[str, Any]:
    """A sample with every axis as [actual, planned], mm or degree; leaves by device and bank."""
    sample = live.sample
    actual = (sample.positions / _MILLI).tolist()
    planned = (live.planned / _MILLI).tolist()
    return {
        "beam": sample.beam_number,
        "sequence": sample.sequence,
        "machine_time_ns": sample.machine_time_ns,
        "meterset_mu": round(sample.meterset_mu, 3),
        "dose_rate_mu_per_min": round(sample.dose_rate_mu_per_min, 1),
        "machine_state": _word(sample.state.name),
        "interlocks": interlock_names(sample.interlocks),
        "program_s": round(sample.program_s, 3),
        "control_point": int(sample.program_s),
        "axes": {
            axis.value: [actual[place], planned[place]] for place, axis in enumerate(layout.scalars)
        },
        "mlcs": {
            device: _banks(device, actual[place], planned[place])
            for device, place in layout.mlc_slices.items()
        },
    }


def couch_row(couch: LiveCouch) -> dict[str, Any]:
    """Where the couch stands, mm, IEC 61217."""
    places = {axis.value: round(place, 3) for axis, place in couch.positions_mm.items()}
    return {"positions_mm": places, "moving": couch.moving}


def interlock_names(interlocks: Interlock) -> list[str]:
    """The interlocks that stand, by name."""
    return [_word(one.name) for one in Interlock if one in interlocks and one.name]


def _banks(device: str, actual: list[float], planned: list[float]) -> dict[str, list[list[float]]]:
    pairs = len(actual) // 2
    first, second = banks(device)
    return {
        first: [actual[:pairs], planned[:pairs]],
        second: [actual[pairs:], planned[pairs:]],
    }


def _word(name: str) -> str:
    return name.lower().replace("_", "-")
