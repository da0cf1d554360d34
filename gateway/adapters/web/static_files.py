"""The dashboard's own files: pages, modules, styles."""

import mimetypes
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"


class Dashboard(StaticFiles):
    """The folder ``static``; a browser asks each time whether a file has changed."""

    def __init__(self) -> None:
        mimetypes.init()  # reads files: not when a browser waits
        super().__init__(directory=FOLDER, html=True, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As the base, with the header."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
