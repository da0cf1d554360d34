"""Dose rate and leaf speed out of tolerance."""

from gateway.domain.reconciliation import Cause, MotionComparison, Tolerances
from gateway.reconcile.attribution import Attribution


def rate_attributions(
    motion: MotionComparison, beam_number: int, tolerances: Tolerances
) -> list[Attribution]:
    """Rates beyond the tolerances ``dose_rate`` and ``leaf_speed_loss``, where they are set."""
    return [
        *_dose_rate(motion, beam_number, tolerances),
        *_leaf_speed(motion, beam_number, tolerances),
    ]


def _dose_rate(
    motion: MotionComparison, beam_number: int, tolerances: Tolerances
) -> list[Attribution]:
    """Out of tolerance by more than sampling and pulses can feign."""
    limit = _limit(tolerances, "dose_rate")
    rate = motion.dose_rate
    if limit is None or abs(rate.error) <= limit + rate.resolution:
        return []
    cause = Cause("dose-rate", beam_number, error=rate.error, unit="fraction")
    return [Attribution(cause, abs(rate.error) / limit)]


def _leaf_speed(
    motion: MotionComparison, beam_number: int, tolerances: Tolerances
) -> list[Attribution]:
    """The worst leaf of each MLC."""
    limit = _limit(tolerances, "leaf_speed_loss")
    if limit is None:
        return []
    return [
        Attribution(
            Cause(
                "leaf-speed-loss",
                beam_number,
                device,
                loss.bank,
                loss.leaf,
                control_point=loss.control_point,
                error=-loss.maximum,
                unit="mm/s",
            ),
            loss.maximum / limit,
        )
        for device, loss in motion.speed_losses.items()
        if loss.maximum > limit
    ]


def _limit(tolerances: Tolerances, quantity: str) -> float | None:
    tolerance = tolerances.quantities.get(quantity)
    return None if tolerance is None else tolerance.maximum
