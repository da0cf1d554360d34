"""pylinac and pymedphys, which need another pydicom: asked in an environment of their own.

They see files and JSON only. ``make oracles`` makes the environment.
"""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.peers import absent

PYTHON = Path(__file__).resolve().parents[1] / ".venv-oracles" / "bin" / "python"
_SCRIPTS = Path(__file__).resolve().parent / "oracle_scripts"


def ask(script: str, timeout_s: float = 240.0, **question: Any) -> Mapping[str, Any]:
    """What ``tests/oracle_scripts/<script>.py`` answers to ``question`` (JSON both ways).

    The script reads one JSON object from stdin and prints one as its last line. Skips by name
    where the environment is absent; fails with the script's own words where it fails.
    """
    if not PYTHON.exists():
        absent("the environment of pylinac and pymedphys is absent (make oracles)")
    done = subprocess.run(
        [PYTHON, _SCRIPTS / f"{script}.py"],
        input=json.dumps(question, default=str),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
