"""What a simulated room is made of: one place to put another part in."""

from dataclasses import dataclass

from simulators.couch.machine import CouchDrive
from simulators.couch.session import CouchSession
from simulators.epid.panel import Panel
from simulators.epid.session import ImagerSession
from simulators.linac.desk import Desk
from simulators.linac.machine import Linac
from simulators.linac.session import LinacSession


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes that a room is built from."""

    linac: type[Linac] = Linac
    desk: type[Desk] = Desk
    linac_session: type[LinacSession] = LinacSession
    couch: type[CouchDrive] = CouchDrive
    couch_session: type[CouchSession] = CouchSession
    panel: type[Panel] = Panel
    imager_session: type[ImagerSession] = ImagerSession
