"""The fewest things wrong that explain an image: forward selection among candidates."""

from dataclasses import dataclass

import numpy as np

from gateway.domain.units import BoolArray, FloatArray
from gateway.reconcile.witnesses.normal import Normal
from gateway.reconcile.witnesses.parameters import Candidates

BASE = (0,)
"""Dose is always fitted: whatever it explains is nobody else's."""
_PLACED = (1, 2)
"""The panel's place is taken as soon as it shows at all, whether that is worth a name or not."""
_LOOSE = 1e4
_WEAKEST = 0.5
"""A candidate whose uncertainty is larger (mm, degree) is not judged by this image."""
_DEGENERATE = 0.01
"""Nor one of which so little is left that dose and what was found do not explain."""
_ONE_LEAF = 1.1
_EXCHANGED = range(2, 5)
"""How many causes are held against all others: what was taken first may be half of two others."""


@dataclass(frozen=True, slots=True)
class Selected:
    """``found`` are candidates (indices) with their joint estimates ``values``; BASE comes first.

    ``covariance`` is theirs. ``rest`` and ``uncertainty`` (candidates,) are what each would add to
    that, and its standard uncertainty, floors included; infinite where the image cannot tell.
    """

    found: tuple[int, ...]
    values: FloatArray
    covariance: FloatArray
    rest: FloatArray
    uncertainty: FloatArray

    def parameters(self, candidates: Candidates) -> FloatArray:
        """The estimate of every parameter that was found, 0 for the others."""
        return candidates.parameters([*BASE, *self.found], self.values)

    def columns(self, candidates: Candidates) -> FloatArray:
        """The same by column."""
        columns: FloatArray = candidates.combinations[:, [*BASE, *self.found]] @ self.values
        return columns

    def exceeding(self, floors: FloatArray, threshold: float) -> tuple[int, ...]:
        """Which of BASE and found are more than their uncertainty allows."""
        chosen = [*BASE, *self.found]
        spread = np.sqrt(np.diag(self.covariance) + floors[chosen] ** 2)
        beyond = np.abs(self.values) > threshold * spread
        return tuple(one for one, is_beyond in zip(chosen, beyond, strict=True) if is_beyond)

    def allowed(self, candidates: Candidates) -> tuple[int, ...]:
        """Which of found are what they may be."""
        values = np.zeros(len(candidates.items))
        values[list(self.found)] = self.values[len(BASE) :]
        allowed = candidates.allows(values)
        return tuple(one for one in self.found if allowed[one])


def observable(normal: Normal, candidates: Candidates, shown: BoolArray) -> BoolArray:
    """Which candidates, of those ``shown``, this image can judge beside dose."""
    return np.isfinite(_conditional(normal, candidates, (), shown).uncertainty)


def select(
    normal: Normal,
    candidates: Candidates,
    shown: BoolArray,
    threshold: float,
    most: int = 60,
) -> Selected:
    """Take the candidate that explains most, again and again, while one exceeds ``threshold``.

    A bank is taken instead of its best leaf only where it explains more than one leaf can by
    itself. What no longer exceeds beside the others is let go, and what another explains more than
    is exchanged. At most ``most`` are taken.
    """
    found: tuple[int, ...] = ()
    dropped: set[int] = set()
    floors = candidates.floors.copy()
    floors[list(_PLACED)] = 0.0
    while len(found) < most:
        now = _conditional(normal, candidates, found, shown)
        best = _best(now, candidates, floors, {*found, *dropped}, threshold)
        if best is None:
            break
        found = (*found, best)
        beside = _conditional(normal, candidates, found, shown)
        strong = set(beside.exceeding(floors, threshold)) & set(beside.allowed(candidates))
        dropped.update(set(found) - strong)
        found = tuple(candidate for candidate in found if candidate in strong)
        if len(found) in _EXCHANGED:
            before = found
            found = _exchanged(normal, candidates, found, dropped, shown, floors, threshold)
            dropped.update(set(before) - set(found))
    return _conditional(normal, candidates, found, shown)


def _exchanged(
    normal: Normal,
    candidates: Candidates,
    found: tuple[int, ...],
    dropped: set[int],
    shown: BoolArray,
    floors: FloatArray,
    threshold: float,
) -> tuple[int, ...]:
    """``found`` with the first that another explains more than, beside the others, exchanged."""
    for one in found:
        others = tuple(candidate for candidate in found if candidate != one)
        now = _conditional(normal, candidates, others, shown)
        best = _best(now, candidates, floors, {*others, *dropped}, threshold)
        if best is not None and _gain(now, candidates, best) > _gain(now, candidates, one) + (
            threshold**2
        ):
            return (*others, best)
    return found


def _gain(now: Selected, candidates: Candidates, candidate: int) -> float:
    """What chi-square loses with ``candidate`` beside what was found."""
    spread = float(now.uncertainty[candidate])
    if not np.isfinite(spread):
        return 0.0
    return float(
        now.rest[candidate] ** 2 / max(spread**2 - candidates.floors[candidate] ** 2, 1e-12)
    )


def _conditional(
    normal: Normal, candidates: Candidates, found: tuple[int, ...], shown: BoolArray
) -> Selected:
    chosen = candidates.combinations[:, [*BASE, *found]]
    moved = normal.matrix @ candidates.combinations
    inner = chosen.T @ normal.matrix @ chosen + np.eye(chosen.shape[1]) / _LOOSE**2
    cross = chosen.T @ moved
    covariance: FloatArray = np.linalg.inv(inner).astype(np.float64)
    values = covariance @ (chosen.T @ normal.vector)
    alone = np.einsum("pc,pc->c", candidates.combinations, moved)
    left = alone - np.einsum("sc,sc->c", cross, covariance @ cross)
    own = left / np.maximum(alone, 1e-300)
    seen = shown & (own > _DEGENERATE) & (left > 1.0 / _WEAKEST**2)
    seen[[*BASE, *found]] = False
    score = candidates.combinations.T @ normal.vector - cross.T @ values
    precision = np.where(seen, left, 1.0)
    rest = np.where(seen, score / precision, 0.0)
    spread = np.where(seen, np.hypot(1.0 / np.sqrt(precision), candidates.floors), np.inf)
    return Selected(found, values, covariance, rest, spread)


def _best(
    now: Selected,
    candidates: Candidates,
    floors: FloatArray,
    taken: set[int],
    threshold: float,
) -> int | None:
    """The candidate that explains most of what is left."""
    statistical = np.sqrt(np.maximum(now.uncertainty**2 - candidates.floors**2, 1e-12))
    exceeding = np.abs(now.rest) > threshold * np.hypot(statistical, floors)
    exceeding[list(taken)] = False
    exceeding &= candidates.allows(now.rest)
    gain = np.where(exceeding, (now.rest / statistical) ** 2, 0.0)
    for index, item in enumerate(candidates.items):
        if item.kind == "bank" and gain[index] > 0.0:
            leaves = np.flatnonzero(candidates.combinations[:, index])
            if gain[index] <= _ONE_LEAF * gain[leaves].max():
                gain[index] = 0.0
    return int(np.argmax(gain)) if gain.any() else None
