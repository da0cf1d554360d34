"""Faults that no encoder and no counter sees: only what falls on the panel shows them."""

from gateway.domain.units import FloatArray
from simulators.ground_truth import Entry


class Hidden:
    """How the truth of the loaded beam differs from what its machine believes.

    ``offsets`` (mm or degree, by position; None: none) are added to where the axes stand,
    ``output`` is the dose of a MU, ``aside_mm`` how far the panel stands from its place (gantry
    axes, on its plane).
    """

    def __init__(self) -> None:
        self.offsets: FloatArray | None = None
        self.output = 1.0
        self.aside_mm = (0.0, 0.0)
        self._entries: list[tuple[Entry, float]] = []

    def because(self, entry: Entry, amount: float) -> None:
        """A fault that acts from the first exposure on."""
        self._entries.append((entry, amount))

    def act(self, time_ns: int) -> None:
        """Dose falls on the panel."""
        for entry, amount in self._entries:
            entry.note(injected=amount != 0.0, amount=amount, first_time_ns=time_ns)
        self._entries.clear()
