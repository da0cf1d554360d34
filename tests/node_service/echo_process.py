"""A child that says what it is told to say."""

import json
import sys


def main() -> int:
    if sys.argv[1:] == ["refuse"]:
        return 3
    _tell({"ready": True})
    for line in sys.stdin:
        said = json.loads(line)["say"]
        if said == "nonsense":
            sys.stdout.write("Traceback (most recent call last):\n")
        _tell({"said": said})
    return 0


def _tell(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
