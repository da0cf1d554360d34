"""Where things are told: ``{root}/v1/{site}/{room}/...``."""

from dataclasses import dataclass

from gateway.adapters.mqtt.messages import Thing
from gateway.domain.errors import ConfigError

_RESERVED = frozenset("+#\0")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one room. Raises ConfigError for a name that no topic can have."""

    root: str
    site: str
    room: str

    def __post_init__(self) -> None:
        for what, name in (("root", self.root), ("site", self.site), ("room", self.room)):
            bad = _RESERVED & set(name) or (what != "root" and "/" in name)
            if not name or bad or name.startswith("$"):
                raise ConfigError(f"MQTT: {name!r} cannot be the {what} of a topic")

    @property
    def base(self) -> str:
        """What all topics of the room begin with."""
        return f"{self.root}/v1/{self.site}/{self.room}"

    @property
    def availability(self) -> str:
        """Retained; the last will."""
        return f"{self.base}/availability"

    @property
    def telemetry(self) -> str:
        """QoS 0."""
        return f"{self.base}/telemetry"

    @property
    def event(self) -> str:
        """QoS 1, as alarms and results."""
        return f"{self.base}/event"

    @property
    def alarm(self) -> str:
        """Events that a person should see."""
        return f"{self.base}/alarm"

    def state(self, thing: Thing) -> str:
        """Retained."""
        return f"{self.base}/{thing}/state"

    def result(self, delivery_id: str, beam: int) -> str:
        """How a beam ended."""
        return f"{self.base}/beam/{delivery_id}/{beam}/result"
