"""A ball bearing's place in an open field: simulated shadows, and real ones beside pylinac."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gateway.dicom.rt_image_reader import portal_images
from gateway.domain.phantom import Ellipsoid, Phantom
from gateway.domain.portal_image import PortalImage
from gateway.imaging import Detector, FluenceAccumulator
from gateway.reconcile.portal.ball import measure_ball
from gateway.reconcile.portal.field import measure_field
from gateway.reconcile.portal.problems import Unmeasurable
from tests import oracles, realdata
from tests.portal.simulated import MACHINE, PANEL, READOUTS, exposed, image_of, row

TUNGSTEN_PER_MM = 0.09
"""About what tungsten attenuates a 6 MV beam by."""
BALL_MM = 0.05
ORACLE_MM = 0.2
"""pylinac's field centre is a centroid of whole pixels, of 0.52 mm: a quarter for each edge."""
SIGMA_PIXELS = 2.0


def with_ball(image: PortalImage, x_mm: float, y_mm: float, diameter_mm: float) -> PortalImage:
    """The image with a ball at the isocentre plane in its beam, blurred as a panel does."""
    grid = image.at_isocentre()
    y, x = np.meshgrid(grid.coordinates_mm(0), grid.coordinates_mm(1), indexing="ij")
    below = np.clip((0.5 * diameter_mm) ** 2 - (x - x_mm) ** 2 - (y - y_mm) ** 2, 0.0, None)
    dip = gaussian_filter(1.0 - np.exp(-TUNGSTEN_PER_MM * 2.0 * np.sqrt(below)), SIGMA_PIXELS)
    return replace(image, pixels=image.pixels * (1.0 - dip))


@pytest.mark.parametrize("half_mm", [10.0, 60.0])
def test_a_ball_is_seen_where_it_is(half_mm: float) -> None:
    jaws = (-half_mm, half_mm, -half_mm, half_mm)
    image = image_of(exposed(row(jaws, -100.0, 100.0), 50.0, seed=1), 0.0)
    ball = measure_ball(with_ball(image, 0.83, -1.21, 5.0))
    assert ball.x_mm.value == pytest.approx(0.83, abs=BALL_MM)
    assert ball.y_mm.value == pytest.approx(-1.21, abs=BALL_MM)
    assert ball.diameter_mm == pytest.approx(5.0, abs=0.7)  # blurred
    assert ball.x_mm.u < BALL_MM


@pytest.mark.parametrize("half_mm", [10.0, 15.0, 40.0])
@pytest.mark.parametrize("place", [(0.0, 0.0, 0.0), (1.1, 0.9, 0.0), (0.4, -0.7, 30.0)])
def test_the_model_of_the_beam_shows_a_ball_where_it_stands(
    half_mm: float, place: tuple[float, float, float]
) -> None:
    ball = Ellipsoid(place, (2.5, 2.5, 2.5), TUNGSTEN_PER_MM)
    fluence = FluenceAccumulator(MACHINE, PANEL, phantom=Phantom("ball", ellipsoids=(ball,)))
    jaws = (-half_mm, half_mm, -half_mm, half_mm)
    fluence.add(row(jaws, -100.0, 100.0)[np.newaxis], np.array([50.0]))
    frame = Detector(PANEL, 1).frame(fluence.take(), readouts=READOUTS)
    seen = measure_ball(image_of(frame, 0.0))
    larger = 1000.0 / (1000.0 - place[2])  # above the isocentre
    assert seen.x_mm.value == pytest.approx(place[0] * larger, abs=0.02)
    assert seen.y_mm.value == pytest.approx(place[1] * larger, abs=0.02)


@pytest.mark.parametrize("jaws", [(-10.0, 10.0, -10.0, 10.0), (-60.0, 50.0, -40.0, 70.0)])
def test_a_field_without_a_ball_says_so(jaws: tuple[float, float, float, float]) -> None:
    image = image_of(exposed(row(jaws, -100.0, 100.0), 50.0, seed=1), 0.0)
    with pytest.raises(Unmeasurable, match="no ball"):
        measure_ball(image)


@pytest.mark.peer
def test_real_balls_agree_with_pylinac() -> None:
    folder = realdata.real_data("rtimage/winston_lutz")
    answer = oracles.ask("winston_lutz", folder=folder, bb_size_mm=5)
    assert len(answer) == 4
    for name, (right, down) in answer.items():
        (image,) = portal_images(folder / name)
        ball, centre = measure_ball(image), measure_field(image).centre_mm
        assert centre is not None
        assert ball.x_mm.value - centre[0].value == pytest.approx(right, abs=ORACLE_MM)
        assert centre[1].value - ball.y_mm.value == pytest.approx(down, abs=ORACLE_MM)
        assert PANEL.pitch_mm < ball.diameter_mm < 8.0
