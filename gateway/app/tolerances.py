"""The tolerances of a room, for reconciliation and for the read-back before a beam."""

from dataclasses import dataclass

from gateway.configuration.locate import config_roots
from gateway.configuration.tolerances import load_tolerances
from gateway.delivery.read_back import ReadBackTolerance
from gateway.domain.errors import ConfigError
from gateway.domain.reconciliation import GammaTolerance, Tolerances
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class RoomTolerances:
    """Both, from one file."""

    reconciliation: Tolerances
    read_back: ReadBackTolerance


def tolerances_named(name: str, settings: Settings) -> RoomTolerances:
    """Read ``config/tolerances/NAME.toml``. Raises ConfigError."""
    tolerances = load_tolerances(name, config_roots(settings.site))
    limits = {}
    for key in ("leaf", "jaw", "angle", "couch"):
        quantity = tolerances.quantities.get(f"read_back_{key}")
        if quantity is None or quantity.maximum is None:
            raise ConfigError(f"tolerances {name}: read_back_{key}.maximum is missing")
        limits[key] = quantity.maximum
    read_back = ReadBackTolerance(
        leaf_mm=limits["leaf"],
        jaw_mm=limits["jaw"],
        angle_deg=limits["angle"],
        couch_mm=limits["couch"],
    )
    return RoomTolerances(tolerances, read_back)


def gamma_tolerance_named(name: str, settings: Settings) -> GammaTolerance:
    """The gamma section of ``config/tolerances/NAME.toml``. Raises ConfigError."""
    tolerances = load_tolerances(name, config_roots(settings.site))
    if tolerances.gamma is None:
        raise ConfigError(f"tolerances {name}: [gamma] is missing")
    return tolerances.gamma
