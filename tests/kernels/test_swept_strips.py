"""A strip's path has room for every moment at which two of its edges meet."""

import numpy as np

from gateway.kernels.swept_strips import KNOTS, MOMENT, strip_path


def test_three_layers_whose_edges_all_meet_fit_into_a_path() -> None:
    first, last = np.arange(8.0) ** 1.3, -(np.arange(8.0) ** 1.7)
    low = np.stack((first[:3], last[:3]))[:, :, np.newaxis]
    high = np.stack((first[4:7], last[4:7]))[:, :, np.newaxis]
    limits = np.array([[first[3], first[7], -9.0, -8.0], [last[3], last[7], 9.0, -20.0]])
    path = np.empty((2 * KNOTS, 5))
    count = strip_path(path, low, high, limits, -3.0, 4.0, 0)
    assert 32 < count <= KNOTS
    assert (np.diff(path[:count, MOMENT]) >= 0.0).all()
