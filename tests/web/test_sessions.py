"""Sessions while several threads begin and end them."""

import threading
from collections.abc import ItemsView
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.adapters.clock import SystemClock
from gateway.adapters.web.access import Person, Role
from gateway.adapters.webstore.database import WebDatabase
from gateway.adapters.webstore.sessions import StoredSessions, hashed

MEANWHILE_S = 0.2
"""Time enough for the other thread, where nothing keeps it."""


def test_who_signs_out_while_another_signs_in_is_out(tmp_path: Path) -> None:
    people = {hashed("token"): Person("operator", Role.OPERATE)}
    with closing(WebDatabase(tmp_path)) as database:
        sessions = StoredSessions(database, people, SystemClock())
        opened = sessions.open("token")
        assert opened is not None
        secret, _ = opened
        leaving = threading.Thread(target=sessions.close, args=(secret,))

        class Watched(dict[str, Any]):
            def items(self) -> ItemsView[str, Any]:
                found = dict(self)
                leaving.start()
                leaving.join(MEANWHILE_S)
                return found.items()

        sessions._known = Watched(sessions._known)
        assert sessions.open("token") is not None
        leaving.join()
        assert sessions.session(secret) is None
