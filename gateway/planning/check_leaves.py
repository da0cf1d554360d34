"""Whether leaves and jaws can stand and move together as a beam wants it."""

from collections.abc import Iterator

import numpy as np

from gateway.domain.axes import JAW_DEVICES, banks
from gateway.domain.findings import Finding, error, warning
from gateway.domain.machine import MachineModel, MlcModel
from gateway.domain.plan import Beam
from gateway.domain.units import BoolArray, FloatArray
from gateway.planning.envelope import SLACK
from gateway.planning.paths import leaf_path, seen_at


def leaf_findings(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """Missing, parked, colliding, interdigitating and too widely spread leaves, layer by layer."""
    delivers = np.diff(beam.meterset_weight) > 0
    yield from _parked(beam, machine)
    for device in beam.devices:
        mlc, leaves = machine.mlcs.get(device), beam.leaves.get(device)
        if mlc is None:
            continue
        if leaves is None:
            yield from _missing(beam, device)
            continue
        yield from _overlap(beam, mlc, leaves)
        yield from _moving_gap(beam, mlc, leaves, delivers)
        yield from _interdigitation(beam, mlc, leaves)
        yield from _span(beam, mlc, leaves)


def jaw_findings(beam: Beam) -> Iterator[Finding]:
    """Jaws that would pass through each other."""
    for one, other in dict.fromkeys(JAW_DEVICES.values()):
        low, high = beam.axes.get(one), beam.axes.get(other)
        if low is None or high is None:
            continue
        crossed = np.flatnonzero(low > high + SLACK)
        if crossed.size:
            point = int(crossed[0])
            yield error(
                "jaws-cross",
                leaf_path(beam, point),
                f"{one.value} at {low[point]:.2f} mm is beyond {other.value} at "
                f"{high[point]:.2f} mm{seen_at(point, crossed.size)}",
            )


def _missing(beam: Beam, device: str) -> Iterator[Finding]:
    if beam.beam_type == "DYNAMIC":
        yield error(
            "leaves-missing",
            leaf_path(beam, 0),
            f"a dynamic beam has {device} but no leaf positions: it would be delivered wide open",
        )
    else:
        yield warning(
            "leaves-missing",
            leaf_path(beam, 0),
            f"{device} is listed without positions; its leaves are retracted",
        )


def _parked(beam: Beam, machine: MachineModel) -> Iterator[Finding]:
    """A dynamic beam whose leaves, in every layer, stay behind the jaws or retracted."""
    layers = [machine.mlcs[device] for device in beam.leaves if device in machine.mlcs]
    if (
        beam.beam_type == "DYNAMIC"
        and layers
        and all(_stays_out(beam, mlc, beam.leaves[mlc.type]) for mlc in layers)
    ):
        yield error(
            "leaves-parked",
            leaf_path(beam, 0),
            f"a dynamic beam whose {' and '.join(mlc.type for mlc in layers)} leaves never reach "
            "into the field; their positions may have been lost",
        )


def _stays_out(beam: Beam, mlc: MlcModel, leaves: FloatArray) -> bool:
    negative, positive = _sides(leaves)
    one, other = JAW_DEVICES["Y" if mlc.type == "MLCY" else "X"]
    low, high = beam.axes.get(one), beam.axes.get(other)
    low_edge = -mlc.retract_mm if low is None else low[:, np.newaxis]
    high_edge = mlc.retract_mm if high is None else high[:, np.newaxis]
    return bool((negative <= low_edge + SLACK).all() and (positive >= high_edge - SLACK).all())


def _overlap(beam: Beam, mlc: MlcModel, leaves: FloatArray) -> Iterator[Finding]:
    negative, positive = _sides(leaves)
    places = np.argwhere(positive - negative < -SLACK)
    if places.size:
        point, leaf = map(int, places[0])
        yield error(
            "leaf-collision",
            leaf_path(beam, point),
            f"{mlc.type} pair {leaf + 1}: {banks(mlc.type)[0]} at {negative[point, leaf]:.2f} mm "
            f"is beyond {banks(mlc.type)[1]} at {positive[point, leaf]:.2f} mm"
            f"{seen_at(point, len(places))}",
        )


def _moving_gap(
    beam: Beam, mlc: MlcModel, leaves: FloatArray, delivers: BoolArray
) -> Iterator[Finding]:
    """Pairs that move with less than the minimum gap; closed pairs at rest may."""
    negative, positive = _sides(leaves)
    moves = (np.abs(np.diff(negative, axis=0)) > SLACK) | (
        np.abs(np.diff(positive, axis=0)) > SLACK
    )
    gap = positive - negative
    narrow = np.minimum(gap[:-1], gap[1:]) < mlc.minimum_gap_mm - SLACK
    for during, report, words in (
        (delivers, error, "with the beam on"),
        (~delivers, warning, "with the beam off"),
    ):
        places = np.argwhere(moves & narrow & during[:, np.newaxis])
        if places.size:
            point, leaf = map(int, places[0])
            yield report(
                "leaf-gap",
                leaf_path(beam, point),
                f"{mlc.type} pair {leaf + 1} moves {words} at a gap of "
                f"{min(gap[point, leaf], gap[point + 1, leaf]):.2f} mm, at least "
                f"{mlc.minimum_gap_mm:g} mm{seen_at(point, len(places))}",
            )


def _interdigitation(beam: Beam, mlc: MlcModel, leaves: FloatArray) -> Iterator[Finding]:
    """Leaves that pass a neighbour of the other bank, where the MLC cannot do that."""
    if mlc.interdigitation:
        return
    negative, positive = _sides(leaves)
    passed = (negative[:, :-1] > positive[:, 1:] + SLACK) | (
        negative[:, 1:] > positive[:, :-1] + SLACK
    )
    places = np.argwhere(passed)
    if places.size:
        point, leaf = map(int, places[0])
        yield error(
            "leaf-interdigitation",
            leaf_path(beam, point),
            f"{mlc.type} pairs {leaf + 1} and {leaf + 2} pass each other"
            f"{seen_at(point, len(places))}; these leaves cannot",
        )


def _span(beam: Beam, mlc: MlcModel, leaves: FloatArray) -> Iterator[Finding]:
    if mlc.span_mm is None:
        return
    for bank, side in zip(banks(mlc.type), _sides(leaves), strict=True):
        spread = np.ptp(side, axis=1)
        wide = np.flatnonzero(spread > mlc.span_mm + SLACK)
        if wide.size:
            point = int(wide[0])
            yield error(
                "leaf-span",
                leaf_path(beam, point),
                f"{mlc.type} {bank} leaves are {spread[point]:.2f} mm apart, at most "
                f"{mlc.span_mm:g} mm{seen_at(point, wide.size)}",
            )


def _sides(leaves: FloatArray) -> tuple[FloatArray, FloatArray]:
    pairs = leaves.shape[1] // 2
    return leaves[:, :pairs], leaves[:, pairs:]
