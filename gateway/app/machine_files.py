"""Files that the devices of a simulated room leave, and what a delivery keeps of them."""

from collections.abc import Iterable
from pathlib import Path

from gateway.delivery.ledger import fold
from gateway.domain.errors import ConfigError, InputError
from gateway.ports.clock import WallClock
from gateway.ports.store import RecordStore
from gateway.settings import Settings
from gateway.timeloop import run

LOG_FILES = "trajectory_log_*.bin"
"""What a machine's own logs are called in a delivery's folder."""


def simulator_state(settings: Settings, room: str) -> Path:
    """Where the simulated devices of a room keep their counter and ground truth."""
    return settings.store / "simulators" / room


def log_folder(settings: Settings, room: str, delivery_id: str) -> Path:
    """Where the machine of a simulated room leaves its logs while a delivery lasts."""
    return simulator_state(settings, room) / "logs" / delivery_id


def log_names(files: Iterable[str]) -> list[str]:
    """Which of a delivery's files are logs that its machine left."""
    return sorted(name for name in set(files) if Path(name).match(LOG_FILES))


def keep_logs(store: RecordStore, delivery_id: str, settings: Settings, clock: WallClock) -> None:
    """Take the logs that the simulated machine left into the delivery's record.

    Not while a loop runs. Raises ConfigError, InputError, StoreError.
    """
    entry = fold(store.events(delivery_id))
    if entry is None:
        raise ConfigError(f"no delivery {delivery_id} in {settings.store}")
    folder = log_folder(settings, entry.room, delivery_id)
    try:
        for path in sorted(folder.glob(LOG_FILES)):
            content = path.read_bytes()
            run(store.keep_file(delivery_id, path.name, content, clock.now_ns()), 1.0)
            path.unlink()
        if folder.exists():
            folder.rmdir()
    except OSError as error:
        raise InputError(f"{folder}: the machine's logs cannot be taken: {error}") from error
