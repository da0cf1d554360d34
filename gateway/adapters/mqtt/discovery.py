"""Home Assistant's MQTT discovery: one retained configuration for each sensor."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from gateway import __version__
from gateway.adapters.mqtt.messages import Thing
from gateway.adapters.mqtt.topics import Topics
from gateway.domain.axes import Axis


class _Sensor(NamedTuple):
    name: str
    thing: Thing
    template: str
    unit: str | None = None


_BEAM = (
    _Sensor("Meterset", "beam", "value_json.meterset_mu", "MU"),
    _Sensor("Dose rate", "beam", "value_json.dose_rate_mu_per_min", "MU/min"),
    _Sensor("Beam", "beam", "value_json.beam"),
    _Sensor("Machine state", "beam", "value_json.state"),
    _Sensor("Interlocks", "beam", "value_json.interlocks | join(', ')"),
    _Sensor("Delivery", "room", "value_json.delivery_id"),
    *(
        _Sensor(f"Link of the {device}", "room", f"value_json.links.{device}")
        for device in ("linac", "couch", "imager")
    ),
)
_AXES: tuple[tuple[Thing, Axis], ...] = (
    ("gantry", Axis.GANTRY),
    ("collimator", Axis.COLLIMATOR),
    ("couch", Axis.COUCH_ROTATION),
    ("couch", Axis.COUCH_VERTICAL),
    ("couch", Axis.COUCH_LONGITUDINAL),
    ("couch", Axis.COUCH_LATERAL),
)


def announcements(topics: Topics, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Topic and payload of each, to be retained. Nothing in them takes a command."""
    node = _plain(f"{topics.root}_{topics.site}_{topics.room}")
    device = {
        "identifiers": [node],
        "name": f"Linac room {topics.room}",
        "model": "linac-gateway",
        "sw_version": __version__,
    }
    for sensor in (*_BEAM, *map(_axis_sensor, _AXES)):
        key = _plain(sensor.name.lower())
        body = {
            "name": sensor.name,
            "unique_id": f"{node}_{key}",
            "state_topic": topics.state(sensor.thing),
            "value_template": "{{ " + sensor.template + " }}",
            "availability_topic": topics.availability,
            "availability_template": "{{ value_json.state }}",
            "device": device,
        }
        if sensor.unit is not None:
            body |= {"unit_of_measurement": sensor.unit, "state_class": "measurement"}
        yield f"{prefix}/sensor/{node}/{key}/config", json.dumps(body).encode()


def _axis_sensor(place: tuple[Thing, Axis]) -> _Sensor:
    thing, axis = place
    unit = "°" if axis.is_angle else "mm"
    name = axis.value.replace("_", " ").capitalize()
    return _Sensor(name, thing, f"value_json.axes.{axis.value}_{axis.unit}", unit)


def _plain(name: str) -> str:
    return "".join(one if one.isascii() and one.isalnum() else "_" for one in name)
