"""The contract of a linac controller and its driver."""

from drivers.testing.linac_delivery import LinacDelivery
from drivers.testing.linac_link import LinacLink
from drivers.testing.linac_refusals import LinacRefusals
from drivers.testing.linac_stops import LinacStops


class LinacContract(LinacDelivery, LinacRefusals, LinacStops, LinacLink):
    """Everything a linac driver must do; subclass it where a fixture ``rig`` is a LinacRig."""
