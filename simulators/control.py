"""Who has control of a device: one connection at a time."""


class Control:
    """The seat at a device."""

    def __init__(self) -> None:
        self._holder: object | None = None

    def take(self, holder: object) -> bool:
        """Sit down; False when someone else sits there."""
        if self._holder is None:
            self._holder = holder
        return self._holder is holder

    def leave(self, holder: object) -> bool:
        """Stand up; False when it was not this holder's seat."""
        if self._holder is not holder:
            return False
        self._holder = None
        return True
