"""An application entity whose connections are closed even where they never came about."""

import ssl

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation, AssociationSocket

from simulators.tms.lasting import made_lasting


class Socket(AssociationSocket):
    """pynetdicom's leaves a socket open that was refused or reset: shutting it down fails first."""

    def _shutdown_socket(self) -> None:
        connection = self.socket
        super()._shutdown_socket()
        if connection is not None:
            connection.close()


class Entity(AE):
    """An application entity that opens associations with such sockets."""

    def _create_socket(
        self,
        assoc: Association,
        address: AddressInformation,
        tls_args: tuple[ssl.SSLContext, str] | None,
    ) -> AssociationSocket:
        made_lasting(assoc)
        made = Socket(assoc, address=address)
        made.tls_args = tls_args
        return made
