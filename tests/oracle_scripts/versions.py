"""Which versions of the oracles answer."""

import json
from importlib.metadata import version

print(json.dumps({name: version(name) for name in ("pylinac", "pymedphys", "pydicom", "numpy")}))
