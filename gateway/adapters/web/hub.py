"""One update for every viewer: made once, kept for each until they take it, the newest only."""

import asyncio

MOST_VIEWERS = 200


class Viewer:
    """What one viewer has not taken yet: the newest update and the newest image, never more."""

    def __init__(self) -> None:
        self.dropped = 0
        self._text: str | None = None
        self._image: bytes | None = None
        self._ready = asyncio.Event()

    def offer(self, text: str) -> None:
        """Put an update in place of one that was not taken, which counts as dropped."""
        self.dropped += self._text is not None
        self._text = text
        self._ready.set()

    def offer_image(self, image: bytes) -> None:
        """Put an image in place of one that was not taken."""
        self._image = image
        self._ready.set()

    async def take(self) -> tuple[str | None, bytes | None]:
        """Wait for an update or an image; what waits of each."""
        await self._ready.wait()
        self._ready.clear()
        text, self._text = self._text, None
        image, self._image = self._image, None
        return None if text is None else f'{text},"dropped":{self.dropped}}}', image


class Hub:
    """Gives updates out. ``encodings`` and ``dropped`` count over all viewers there ever were."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._text: str | None = None
        self._image: bytes | None = None
        self._dropped = 0
        self.encodings = 0

    @property
    def viewers(self) -> int:
        """How many look on now."""
        return len(self._viewers)

    @property
    def dropped(self) -> int:
        """How many updates viewers did not take in time."""
        return self._dropped + sum(viewer.dropped for viewer in self._viewers)

    def join(self) -> Viewer | None:
        """A new viewer, who gets at once how things stand; None where there are too many."""
        if len(self._viewers) >= MOST_VIEWERS:
            return None
        viewer = Viewer()
        if self._text is not None:
            viewer.offer(self._text)
        if self._image is not None:
            viewer.offer_image(self._image)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer; idempotent."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._dropped += viewer.dropped

    def publish(self, text: str) -> None:
        """An update: JSON without its last brace."""
        self.encodings += 1
        self._text = text
        for viewer in self._viewers:
            viewer.offer(text)

    def publish_image(self, image: bytes | None) -> None:
        """A portal image, or that there is none any more."""
        self._image = image
        if image is not None:
            for viewer in self._viewers:
                viewer.offer_image(image)
