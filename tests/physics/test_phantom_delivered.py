"""A phantom on the couch of a simulated room, in the images of a delivery."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from gateway.domain.errors import ConfigError
from tests.e2e.deliveries import delivered, generated


def test_a_delivery_shows_the_ball_on_its_couch(tmp_path: Path) -> None:
    """exp(-8 mm x 0.028 / mm - 60 mm x 0.005 / mm) of the beam passes steel and plastic.

    A tenth of the signal is scattered by the panel from all around: it fills a shadow by a tenth.
    """
    plan = generated(tmp_path, "open-field")
    delivered(tmp_path, plan, phantom="ball-bearing", out=tmp_path / "out")
    (path,) = (tmp_path / "out" / "images").glob("*.dcm")
    image = pydicom.dcmread(path)
    cu = image.pixel_array * float(image.RescaleSlope)
    middle = cu[592:597, 592:597].mean()
    beside = cu[594, 594 + 67]  # 15 mm from the ball, behind plastic
    open_field = cu[594, 594 + 180]  # 40 mm from it
    for shadow, path in ((beside / open_field, 0.3), (middle / beside, 0.028 * 8.0)):
        passing = np.exp(-path)
        assert passing < shadow < passing + 0.12 * (1.0 - passing)


def test_a_phantom_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ball-bearing"):
        delivered(tmp_path, generated(tmp_path, "open-field"), phantom="nobody")
