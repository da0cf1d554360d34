"""What ``/metrics`` and ``/readyz`` read when they are asked."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from gateway.adapters.metrics.report import ReportFile
from gateway.adapters.metrics.room_metrics import RoomMetrics, Scraped
from gateway.adapters.nodestore.database import DATABASE, NodeDatabase
from gateway.adapters.nodestore.depths import depths
from gateway.adapters.web.hub import Hub
from gateway.adapters.webstore.requests import RequestTable
from gateway.app.node.outbox import NODE_FOLDER
from gateway.app.web.alarm_list import AlarmList
from gateway.app.web.record_index import RecordIndex
from gateway.domain.errors import StoreError
from gateway.settings import Settings

NO_VERDICT = "none"


class Scrape:
    """Reads the record's index, the queues, and what the MQTT process counts."""

    def __init__(
        self,
        settings: Settings,
        index: RecordIndex,
        alarms: AlarmList,
        requests: RequestTable,
        hub: Hub,
        room_connected: Callable[[], bool],
        reports: Path | None,
    ) -> None:
        self._settings = settings
        self._index = index
        self._alarms = alarms
        self._requests = requests
        self._hub = hub
        self._room_connected = room_connected
        told = settings.mqtt is not None and reports is not None
        self._mqtt = ReportFile(reports / "mqtt.json") if told and reports is not None else None

    def metrics(self, room: str) -> RoomMetrics:
        """The metrics of the room; what they read is read here."""
        return RoomMetrics(room, self.scraped)

    def amiss(self) -> Sequence[str]:
        """What keeps the service from being ready; nothing where it is."""
        reasons = [] if self._room_connected() else ["the room's process tells nothing"]
        try:
            self._index.refresh()
        except StoreError as error:
            reasons.append(f"the record cannot be read: {error}")
        return reasons

    def scraped(self) -> Scraped:
        """Everything that is counted elsewhere. It blocks; raises StoreError."""
        entries = self._index.entries().values()
        queue, outbox = self._depths()
        mqtt = None if self._mqtt is None else self._mqtt.read()
        up = {"web": True, "room": self._room_connected()}
        if self._mqtt is not None:
            up["mqtt"] = mqtt is not None
        return Scraped(
            deliveries=Counter(
                (entry.outcome.value, entry.verdict or NO_VERDICT) for entry in entries
            ),
            beams=Counter(
                beam.termination_status.value
                for entry in entries
                for beam in entry.beams.values()
                if beam.ended
            ),
            alarms_unacknowledged=self._alarms.open(),
            queue=queue,
            outbox=outbox,
            viewers=self._hub.viewers,
            dropped_updates=self._hub.dropped,
            encoded_updates=self._hub.encodings,
            mqtt=mqtt,
            up=up,
        )

    def _depths(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        ours = Counter(self._requests.states())
        if not (self._settings.store / NODE_FOLDER / DATABASE).exists():
            return ours, {}
        with closing(NodeDatabase(self._settings.store / NODE_FOLDER)) as database:
            theirs, outbox = depths(database)
        return ours + Counter(theirs), outbox
