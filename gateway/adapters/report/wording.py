"""Causes, axes and states in words that someone who does not know the project understands."""

from gateway.adapters.report.canvas import number, quantity, signed
from gateway.domain.reconciliation import Cause

UNIT_SIGNS = {
    "deg": "\u00b0",
    "mm": "mm",
    "MU": "MU",
    "fraction": "",
    "mm/s": "mm/s",
    "samples": "samples",
}

_AXES = {
    "gantry": "Gantry",
    "collimator": "Collimator",
    "couch_rotation": "Couch rotation",
    "couch_pitch": "Couch pitch",
    "couch_roll": "Couch roll",
    "couch_vertical": "Couch vertical",
    "couch_longitudinal": "Couch longitudinal",
    "couch_lateral": "Couch lateral",
    "X1": "Jaw X1",
    "X2": "Jaw X2",
    "Y1": "Jaw Y1",
    "Y2": "Jaw Y2",
    "MLCX": "Leaves (MLCX)",
    "MLCY": "Leaves (MLCY)",
    "MLCX1": "Leaves, layer MLCX1",
    "MLCX2": "Leaves, layer MLCX2",
    "panel_x": "Panel along X",
    "panel_y": "Panel along Y",
    "meterset": "Dose",
}

_SENTENCES = {
    "stuck-leaf": "{leaf} stopped following the plan{at}. At worst it was {size} from where it "
    "should have been.",
    "leaf-offset": "{leaf} stood off its place by a constant {error}{since}.",
    "leaf-lag": "{leaf} trailed its plan by up to {size}{since}.",
    "leaf-drift": "{leaf} drifted away from its place by {error}{since}.",
    "leaf-deviation": "{leaf} left its plan by up to {error}{since}.",
    "leaf-speed-loss": "{leaf} moved {size} slower than planned{at}.",
    "bank-offset": "All leaves of {bank} stood off their places by the same {error}{since}.",
    "bank-deviation": "Most leaves of {bank} left their plan by up to {error}{since}.",
    "swapped-banks": "The two leaf banks of {axis} stood in each other's place{since}; up to "
    "{size} from plan.",
    "gantry-lag": "The gantry trailed its plan by up to {size}{since}.",
    "stuck-axis": "{axis} stopped following the plan{at}. At worst it was {size} from where it "
    "should have been.",
    "axis-offset": "{axis} stood off its place by a constant {error}{since}.",
    "axis-lag": "{axis} trailed its plan by up to {size}{since}.",
    "axis-drift": "{axis} drifted away from its place by {error}{since}.",
    "axis-deviation": "{axis} left its plan by up to {error}{since}.",
    "couch-drift": "{axis} moved by {error} while the beam was on{since}.",
    "meterset-overrun": "{size} more than planned were delivered{since}.",
    "meterset-shortfall": "{size} less than planned were delivered{since}.",
    "meterset-unknown": "How much was delivered is not known.",
    "dose-rate": "The mean dose rate was {percent} off the planned one.",
    "lost-link": "The link to the {device} was lost{at}.",
    "stale-telemetry": "The {device} fell silent{at}.",
    "garbage-bytes": "The {device} sent bytes its protocol does not allow{at}.",
    "lost-samples": "{count} telemetry samples were lost.",
    "dropped-frame": "Portal frame {frame} never arrived.",
    "duplicated-frame": "Portal frame {frame} arrived more than once.",
    "reordered-frame": "Portal frame {frame} arrived after a later one.",
    "door-open": "The treatment room door was opened{at}.",
    "emergency-stop": "The emergency stop was pressed{at}.",
    "dead-man": "The machine's dead-man ended the beam{at}: it heard no heartbeat.",
    "operator-abort": "The operator ended the beam{at}.",
    "position-interlock": "The machine held the beam for a position interlock{at}.",
    "dose-rate-interlock": "A dose rate interlock ended the beam{at}.",
    "meterset-interlock": "A meterset interlock ended the beam{at}.",
    "hardware-interlock": "A hardware interlock ended the beam{at}.",
    "wrong-mode": "The machine was not in the planned beam mode.",
    "wrong-accessory": "The accessories in place were not the planned ones.",
    "leaf-miscalibration": "{leaf} stood {error} aside of where the machine says it was: the image "
    "shows it, the log does not.",
    "bank-miscalibration": "All leaves of {bank} stood {error} aside of where the machine says "
    "they were: the image shows it, the log does not.",
    "jaw-miscalibration": "{axis} stood {error} aside of where the machine says it was: the image "
    "shows it, the log does not.",
    "axis-miscalibration": "{axis} stood {error} aside of where the machine says it was: the image "
    "shows it, the log does not.",
    "panel-shift": "The portal imager stood {error} aside of where it was believed to be.",
    "output-change": "The image shows a dose {percent} off what the meterset says: output or "
    "the panel's gain has changed.",
    "image-unexplained": "The portal image shows something that no leaf, jaw, dose or panel "
    "explains.",
    "image-not-compared": "The portal image of the beam could not be compared with plan and log.",
    "wrong-log": "The wrong log is attached, or a faulty one: the other witnesses agree, and it is "
    "off them by up to {size}{where}.",
    "telemetry-not-as-logged": "Telemetry and the machine's own log differ by up to {size}{where}.",
    "log-unreadable": "The log that the machine left cannot be read: it is no witness.",
    "terminated": "The beam was ended{at} before it was complete.",
}

_DEVICES = {"linac": "linac", "couch": "couch", "imager": "portal imager"}


def axis_name(axis: str) -> str:
    """An axis in words."""
    return _AXES.get(axis, axis)


def cause_title(cause: Cause) -> str:
    """A cause's name in words: ``Stuck leaf``."""
    words = cause.cause.replace("-", " ")
    return words[:1].upper() + words[1:]


def cause_sentence(cause: Cause) -> str:
    """What happened, in one or two plain sentences."""
    size = abs(cause.error) if cause.error is not None else None
    unit = UNIT_SIGNS.get(cause.unit or "", cause.unit or "")
    point = cause.control_point
    pattern = _SENTENCES.get(cause.cause, cause_title(cause) + "{at}.")
    axis = axis_name(cause.axis) if cause.axis else "An axis"
    return pattern.format(
        leaf=f"Leaf {cause.leaf} of bank {cause.bank} ({cause.axis})",
        bank=f"bank {cause.bank} ({cause.axis})",
        where=f" ({axis})" if cause.axis else "",
        axis=cause.axis if cause.cause == "swapped-banks" else axis,
        device=_DEVICES.get(cause.device or "", "device"),
        frame=cause.frame,
        at="" if point is None else f" at control point {point}",
        since=_since(cause),
        size="" if size is None else quantity(number(size, _decimals(cause)), unit),
        error=""
        if cause.error is None
        else quantity(signed(cause.error, _decimals(cause)), unit) + _direction(cause),
        percent="" if cause.error is None else f"{signed(100 * cause.error, 1)}\u00a0%",
        count="" if size is None else number(size, 0),
    )


def _since(cause: Cause) -> str:
    if cause.control_point is None:
        return ""
    if cause.control_point == 0:
        return " from the start"
    return f" from control point {cause.control_point} on"


def _direction(cause: Cause) -> str:
    """Which way a leaf or jaw is off, IEC 61217."""
    if cause.unit != "mm" or cause.error is None or (cause.axis or "").startswith("couch"):
        return ""
    along = "Y" if cause.axis in {"MLCY", "Y1", "Y2"} else "X"
    return f" (towards {'+' if cause.error > 0 else chr(0x2212)}{along})"


def _decimals(cause: Cause) -> int:
    return 2 if cause.unit in {"MU", "deg"} or abs(cause.error or 0.0) < 1 else 1
