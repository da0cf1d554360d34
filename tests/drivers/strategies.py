"""Any value that a payload field of the binary wires can carry."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drivers.epid import codec as pfp
from drivers.fields import Array, Coded, Counted, Fixed, Number, Real, Text
from drivers.linac import codec as lcp
from drivers.linac import messages as m

RANGES = {"B": (0, 8), "H": (0, 16), "I": (0, 32), "Q": (0, 64), "q": (1, 64)}


def values_of(field: Any) -> st.SearchStrategy[Any]:
    """Any value that a payload field can carry."""
    if isinstance(field, Number):
        signed, bits = RANGES[field._struct.format[1:]]
        return st.integers(-signed * 2 ** (bits - 1), 2 ** (bits - signed) - 1)
    if isinstance(field, Coded):
        return st.sampled_from(sorted(field._values.values(), key=str))
    if isinstance(field, Counted):
        return st.lists(values_of(field._item), max_size=5).map(tuple)
    if isinstance(field, Array):
        shape = st.integers(0, 50).map(lambda rows: (rows, *field._shape))
        real = {"allow_nan": False} if field._dtype.kind == "f" else {}
        elements = hnp.from_dtype(field._dtype, **real)
        return shape.flatmap(lambda form: hnp.arrays(field._dtype, form, elements=elements))
    return {
        Real: lambda: st.floats(allow_nan=False, allow_infinity=False),
        Text: lambda: st.text(max_size=63),
        Fixed: lambda: st.binary(min_size=16, max_size=16),
        lcp._MlcField: lambda: st.builds(
            m.Mlc, st.sampled_from(sorted(lcp.MLCS.values())), st.integers(0, 2**16 - 1)
        ),
        pfp._Image: lambda: hnp.arrays(np.dtype("<u2"), hnp.array_shapes(min_dims=2, max_dims=2)),
    }[type(field)]()
