"""What the API reads of the record: never writes it, and knows files by the record's list only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gateway.adapters.store import open_reader
from gateway.adapters.store.folders import delivery_folder
from gateway.adapters.web.backend import KeptFile
from gateway.adapters.web.problems import Refused, not_found
from gateway.app.web import telemetry as columns_of
from gateway.app.web.aside import Aside
from gateway.app.web.deliveries import (
    delivery_detail,
    delivery_list,
    event_row,
    find,
    read_summary,
)
from gateway.app.web.images import image_name, image_names, image_row, picture
from gateway.app.web.record_index import RecordIndex
from gateway.app.web.trends import trend
from gateway.delivery.beam_end import telemetry_file
from gateway.delivery.ledger import DeliveryEntry
from gateway.dicom.plan_file import READING_ERRORS
from gateway.domain.errors import InputError
from gateway.ports.store import RecordReader
from gateway.settings import Settings

MEDIA_TYPES = {
    ".dcm": "application/dicom",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv; charset=utf-8",
}
ANY = "application/octet-stream"
CURVES_KEPT = 8


class RecordViews:
    """Implements :class:`gateway.adapters.web.backend.Record`."""

    def __init__(self, settings: Settings, index: RecordIndex, aside: Aside) -> None:
        self._settings = settings
        self._index = index
        self._aside = aside
        self._summary = lru_cache(maxsize=4096)(self._read_summary)
        self._curves = lru_cache(maxsize=CURVES_KEPT)(self._make_curves)

    def deliveries(
        self, search: str, verdict: str | None, limit: int, offset: int
    ) -> Mapping[str, Any]:
        """See the port."""
        return delivery_list(self._index, search, verdict, limit, offset)

    def delivery(self, delivery_id: str) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        return delivery_detail(entry, self._folder(entry))

    def events(self, delivery_id: str, after: int, limit: int) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        with self._reader() as store:
            events = [one for one in store.events(entry.delivery_id) if one.sequence > after]
        shown = events[:limit]
        last = shown[-1].sequence if shown else after
        return {"items": [event_row(event) for event in shown], "last": last}

    def telemetry(
        self, delivery_id: str, beam: int, every: int, columns: Sequence[str]
    ) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        with self._reader() as store:
            found = columns_of.read_beam(store, entry, beam)
        return columns_of.as_columns(found, every, columns)

    def telemetry_file(self, delivery_id: str, beam: int) -> bytes:
        """See the port."""
        entry = find(self._index, delivery_id)
        name = telemetry_file(beam)
        if name in entry.files:
            return self._existing(entry, name).read_bytes()
        with self._reader() as store:
            return columns_of.as_parquet(columns_of.read_beam(store, entry, beam))

    def curves(self, delivery_id: str, beam: int) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        if beam not in entry.beams or telemetry_file(beam) not in entry.files:
            raise not_found("beam, or it has not ended")
        return self._curves(delivery_id, beam)

    def images(self, delivery_id: str) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        folder = self._folder(entry)
        with _readable():
            rows = [
                image_row(number, folder, name) for number, name in enumerate(image_names(entry), 1)
            ]
        return {"items": rows}

    def image_file(self, delivery_id: str, image: int) -> KeptFile:
        """See the port."""
        entry = find(self._index, delivery_id)
        return self._kept(entry, image_name(entry, image))

    def picture(
        self, delivery_id: str, image: int, frame: int, low: float | None, high: float | None
    ) -> bytes:
        """See the port."""
        entry = find(self._index, delivery_id)
        with _readable():
            return picture(self._existing(entry, image_name(entry, image)), frame, low, high)

    def files(self, delivery_id: str) -> Mapping[str, Any]:
        """See the port."""
        entry = find(self._index, delivery_id)
        kept = [self._kept(entry, name) for name in sorted(set(entry.files))]
        rows = [
            {"name": one.name, "bytes": one.path.stat().st_size, "media_type": one.media_type}
            for one in kept
        ]
        return {"items": rows}

    def file(self, delivery_id: str, name: str) -> KeptFile:
        """See the port."""
        return self._kept(find(self._index, delivery_id), name)

    def trend(self, axis: str | None, limit: int) -> Mapping[str, Any]:
        """See the port."""
        judged = [entry for entry in self._index.entries().values() if entry.verdict is not None]
        newest = judged[-limit:]
        return trend([(entry, self._summary_of(entry)) for entry in newest], axis)

    def _summary_of(self, entry: DeliveryEntry) -> Mapping[str, Any]:
        return self._summary(entry.delivery_id, entry.verdict, len(entry.files))

    def _read_summary(self, delivery_id: str, _verdict: str, _files: int) -> Mapping[str, Any]:
        entry = find(self._index, delivery_id)
        return read_summary(entry, self._folder(entry))

    def _make_curves(self, delivery_id: str, beam: int) -> Mapping[str, Any]:
        wanted = {"delivery_id": delivery_id, "beam": beam}
        made: Mapping[str, Any] | None = self._aside("curves", wanted)
        if made is None:
            raise not_found("telemetry: the beam was never on")
        return made

    def _kept(self, entry: DeliveryEntry, name: str) -> KeptFile:
        path = self._existing(entry, name)
        return KeptFile(path, name, MEDIA_TYPES.get(path.suffix, ANY))

    def _existing(self, entry: DeliveryEntry, name: str) -> Path:
        """The file of that name. Raises Refused for what the record does not name."""
        if name not in entry.files:
            raise not_found("file")
        path = self._folder(entry) / name
        if path.is_symlink() or not path.is_file():
            raise Refused(HTTPStatus.NOT_FOUND, "this file is gone; see: linac-gateway verify")
        return path

    def _folder(self, entry: DeliveryEntry) -> Path:
        return delivery_folder(self._settings.store, entry.delivery_id)

    @contextmanager
    def _reader(self) -> Iterator[RecordReader]:
        with closing(open_reader(self._settings.store)) as store:
            yield store


@contextmanager
def _readable() -> Iterator[None]:
    """Images that cannot be read are a fault of the record, not of the request."""
    try:
        yield
    except (InputError, *READING_ERRORS) as error:
        text = "the image cannot be read; see: linac-gateway verify"
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, text) from error
