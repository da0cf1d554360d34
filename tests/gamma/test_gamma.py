"""Gamma is the exact distance to the piecewise linear surface."""

import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.gamma import GammaCriteria, GammaMap
from gateway.domain.grids import RegularGrid
from gateway.domain.units import FloatArray
from gateway.reconcile.gamma import gamma
from gateway.reconcile.refined import refined
from tests.gamma.brute_force import brute_force_gamma

ROUNDING = 1e-9
"""Both sides are float64 with doses of up to 100 criteria."""


def grid(values: FloatArray, spacing: float = 1.0, origin: float = 0.0) -> RegularGrid:
    return RegularGrid(values, (origin,) * values.ndim, (spacing,) * values.ndim)


def ramp(shape: tuple[int, ...], slope: tuple[float, ...], level: float) -> FloatArray:
    return level + sum(step * index for step, index in zip(slope, np.indices(shape), strict=True))


@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("slope", [(0.3, -0.2), (0.0, 1.5), (0.1, 0.05, -0.2), (0.7, 0.0, 0.9)])
def test_on_a_linear_ramp_gamma_is_the_distance_of_two_planes(
    slope: tuple[float, ...], local: bool
) -> None:
    shape, inner = (41,) * len(slope), (slice(16, 25),) * len(slope)
    reference, shift = ramp(shape, slope, 100.0), 0.9
    criteria = GammaCriteria(1.0, 2.0, local, normalisation=80.0, maximum_gamma=5.0)
    found = gamma(grid(reference), grid(reference + shift), criteria)
    unit = 0.01 * (reference if local else np.full(shape, 80.0))
    steepness = np.square(2.0 * np.array(slope)).sum() / np.square(unit)
    expected = shift / unit / np.sqrt(1.0 + steepness)
    np.testing.assert_allclose(found.grid.values[inner], expected[inner], rtol=0, atol=1e-12)


@st.composite
def questions(draw: st.DrawFn) -> tuple[RegularGrid, RegularGrid, GammaCriteria]:
    """Two distributions that share little but their place, and criteria."""
    dimensions = draw(st.sampled_from([2, 2, 3]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    largest = (6, 22) if dimensions == 2 else (3, 3, 4)
    spacing = generator.uniform(0.7, 2.5, dimensions) * generator.choice([-1, 1], dimensions)
    same = draw(st.booleans())
    grids = []
    for _ in range(2):
        shape = tuple(int(generator.integers(1, count + 1)) for count in largest)
        wave = np.tensordot(generator.uniform(0, 1, dimensions), np.indices(shape), 1)
        noise = generator.normal(0.0, draw(st.sampled_from([0.0, 2.0])), shape)
        values = 50.0 + 30.0 * np.sin(wave) + noise
        values[generator.random(shape) < draw(st.sampled_from([0.0, 0.05]))] = np.nan
        origin = np.zeros(dimensions) if same else generator.uniform(-3, 3, dimensions)
        grids.append(RegularGrid(values, tuple(origin), tuple(spacing)))
        if not same:
            spacing = generator.uniform(0.7, 2.5, dimensions)
    values = grids[0].values.copy()
    values.flat[0] = 80.0
    reference = RegularGrid(values, grids[0].origin_mm, grids[0].spacing_mm)
    criteria = GammaCriteria(
        dose_percent=draw(st.sampled_from([1.0, 3.0, 20.0])),
        distance_mm=draw(st.sampled_from([1.0, 3.0])),
        local=draw(st.booleans()),
        cutoff_percent=draw(st.sampled_from([0.0, 60.0])),
        maximum_gamma=draw(st.sampled_from([1.1, 2.0, 6.0])),
    )
    return reference, grids[1], criteria


@given(questions())
@settings(max_examples=60, deadline=None)
def test_gamma_is_what_every_point_against_every_simplex_gives(
    question: tuple[RegularGrid, RegularGrid, GammaCriteria],
) -> None:
    found = gamma(*question)
    expected = brute_force_gamma(*question)
    np.testing.assert_allclose(found.grid.values, expected, rtol=0, atol=ROUNDING)


@given(questions())
@settings(max_examples=20, deadline=None)
def test_a_distribution_has_gamma_0_with_itself(
    question: tuple[RegularGrid, RegularGrid, GammaCriteria],
) -> None:
    reference, _, criteria = question
    found = gamma(reference, reference, criteria)
    assert found.counted > 0
    assert found.judged.max() == 0.0


def test_the_number_of_threads_changes_nothing() -> None:
    generator = np.random.default_rng(5)
    first, second = (grid(generator.uniform(50, 60, (300, 130))) for _ in range(2))
    alone = gamma(first, second, GammaCriteria(), threads=1)
    for threads in (2, 5):
        several = gamma(first, second, GammaCriteria(), threads=threads)
        np.testing.assert_array_equal(several.grid.values, alone.grid.values)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_how_a_grid_is_stored_changes_nothing(dimensions: int) -> None:
    generator = np.random.default_rng(6)
    first, second = (generator.uniform(50, 60, (7, 9, 20)[-dimensions:]) for _ in range(2))
    criteria = GammaCriteria(2.0, 2.0)
    plain = gamma(grid(first), grid(second), criteria)
    axes = range(dimensions)
    ends = tuple(count - 1.0 for count in first.shape)
    turned = RegularGrid(np.flip(first), ends, (-1.0,) * dimensions)
    np.testing.assert_array_equal(
        np.flip(gamma(turned, grid(second), criteria).grid.values), plain.grid.values
    )
    turned = RegularGrid(np.flip(second), ends, (-1.0,) * dimensions)
    np.testing.assert_array_equal(
        gamma(grid(first), turned, criteria).grid.values, plain.grid.values
    )
    for order in permutations(axes):
        swapped = [grid(np.asfortranarray(values.transpose(order))) for values in (first, second)]
        back = np.argsort(order)
        np.testing.assert_allclose(
            gamma(*swapped, criteria).grid.values.transpose(back),
            plain.grid.values,
            rtol=0,
            atol=ROUNDING,
        )


def test_a_shift_across_a_steep_edge_is_its_distance() -> None:
    profile = np.where(np.arange(60) < 30, 100.0, 0.0)
    image = np.tile(profile, (40, 1))
    criteria = GammaCriteria(3.0, 3.0, cutoff_percent=10.0)
    found = gamma(grid(image), RegularGrid(image, (0.0, 1.5), (1.0, 1.0)), criteria)
    assert found.grid.values[20, 10] == 0.0
    assert found.grid.values[20, 29] == pytest.approx(0.0, abs=1e-12)
    back = gamma(grid(image), RegularGrid(image, (0.0, -1.5), (1.0, 1.0)), criteria)
    fall = 100.0  # of the edge, in units of dose a unit of distance
    assert back.grid.values[20, 29] == pytest.approx(0.5 / np.hypot(1.0, 1.0 / fall), abs=1e-12)


def test_what_is_larger_than_the_largest_gamma_is_that() -> None:
    found = gamma(grid(np.full((5, 5), 100.0)), grid(np.full((5, 5), 200.0)), GammaCriteria())
    assert (found.grid.values == 2.0).all()
    assert found.pass_rate_percent == 0.0


def test_points_off_the_evaluated_grid_are_judged_by_what_is_in_reach() -> None:
    level = np.full((1, 12), 50.0)
    evaluated = RegularGrid(level[:, :4], (0.0, 4.0), (1.0, 1.0))
    found = gamma(grid(level), evaluated, GammaCriteria(3.0, 2.0, maximum_gamma=1.2))
    expected = [1.2, 1.2, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.2, 1.2]
    np.testing.assert_allclose(found.grid.values[0], expected, atol=1e-12)
    assert found.beyond_border == 8


def test_a_grid_far_away_has_the_largest_gamma_everywhere() -> None:
    level = np.full((3, 5), 50.0)
    far = RegularGrid(level, (1e300, -1e300), (1e-3, 1.0))
    found = gamma(grid(level), far, GammaCriteria())
    assert (found.grid.values == 2.0).all()
    assert found.beyond_border == found.counted == 15


def test_the_cut_off_is_of_the_normalisation_and_what_is_below_is_not_judged() -> None:
    doses = np.array([[0.9, 1.0, 10.0, np.nan, -5.0]])
    found = gamma(grid(doses), grid(np.nan_to_num(doses)), GammaCriteria())
    assert np.isnan(found.grid.values).tolist() == [[True, False, False, True, True]]
    given_dose = GammaCriteria(normalisation=8.0)
    assert gamma(grid(doses), grid(np.nan_to_num(doses)), given_dose).counted == 3


@pytest.mark.parametrize("values", [np.full((2, 3), np.nan), np.zeros((2, 3)), np.empty((0, 3))])
def test_of_a_distribution_without_dose_nothing_is_judged(values: FloatArray) -> None:
    found = gamma(grid(values), grid(np.ones((2, 3))), GammaCriteria())
    assert found.counted == 0
    assert np.isnan([found.pass_rate_percent, found.mean, found.p99]).all()


def test_distributions_of_other_dimensions_are_refused() -> None:
    flat, deep = grid(np.ones((2, 2))), grid(np.ones((2, 2, 2)))
    for pair in ((flat, deep), (grid(np.ones(3)), grid(np.ones(3)))):
        with pytest.raises(ValueError, match="2 or of 3 dimensions"):
            gamma(*pair, GammaCriteria())
    with pytest.raises(ValueError, match="no points"):
        gamma(flat, grid(np.empty((0, 2))), GammaCriteria())


def test_a_search_of_the_whole_world_is_refused() -> None:
    volume = grid(np.ones((90, 90, 90)))
    with pytest.raises(ValueError, match=r"5735339 cells .* smaller gamma or distance"):
        gamma(volume, volume, GammaCriteria(3.0, 3.0, maximum_gamma=1e3))


@pytest.mark.parametrize(
    "wrong",
    [
        {"dose_percent": 0.0},
        {"distance_mm": -1.0},
        {"maximum_gamma": float("nan")},
        {"maximum_gamma": 1.0},
        {"normalisation": 0.0},
        {"cutoff_percent": -1.0},
    ],
)
def test_criteria_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GammaCriteria(**wrong)  # type: ignore[arg-type]


def test_statistics_are_of_the_points_judged() -> None:
    values = np.array([[np.nan, 0.5, 1.0, 1.5, 0.0]])
    found = GammaMap(grid(values), GammaCriteria(), 0)
    assert found.counted == 4
    assert found.pass_rate_percent == 75.0
    assert found.mean == 0.75
    assert found.p99 == pytest.approx(1.485)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_refined_grid_keeps_its_points_and_is_linear_between_them(times: int) -> None:
    coarse = RegularGrid(np.array([[0.0, 6.0, np.nan], [12.0, 20.0, 4.0]]), (1.0, 2.0), (-2.0, 3.0))
    fine = refined(coarse, times)
    np.testing.assert_array_equal(fine.values[::times, ::times], coarse.values)
    assert fine.coordinates_mm(0)[-1] == pytest.approx(-1.0)
    assert fine.coordinates_mm(1)[-1] == pytest.approx(8.0)
    np.testing.assert_allclose(fine.values[0, : times + 1], np.linspace(0.0, 6.0, times + 1))
    np.testing.assert_allclose(fine.values[:, 0], np.linspace(0.0, 12.0, times + 1))
    if times == 2:
        assert fine.values[1, 1] == 9.5
    with pytest.raises(ValueError, match="refined 0 times"):
        refined(coarse, 0)


def test_kernels_are_compiled_once_for_all_processes() -> None:
    """For any layout and direction, too: another form would be another compilation."""
    flat, deep = grid(np.ones((4, 20))), grid(np.ones((3, 4, 20)))
    for distribution in (flat, deep):
        gamma(distribution, distribution, GammaCriteria())
    code = """if True:
        import numpy as np
        from gateway.domain.gamma import GammaCriteria
        from gateway.domain.grids import RegularGrid
        from gateway.kernels.gamma_plane import gamma_rows
        from gateway.kernels.gamma_volume import gamma_lines
        from gateway.reconcile.gamma import gamma
        turned = np.ones((3, 20, 4)).transpose(0, 2, 1)
        for values in (np.ones((4, 20)), np.ones((3, 4, 20)), turned):
            for step in (1.0, -1.0):
                there = RegularGrid(values, (0.0,) * values.ndim, (step,) * values.ndim)
                gamma(there, there, GammaCriteria())
        for kernel in (gamma_rows, gamma_lines):
            print(sum(kernel.stats.cache_hits.values()), len(kernel.stats.cache_misses))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["1", "0", "1", "0"]
