"""What an image does not show."""

from gateway.domain.errors import InputError


class Unmeasurable(InputError):
    """The image does not show what was to be measured; says why, in one line."""
