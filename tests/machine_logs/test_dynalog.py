"""Dynalogs: two banks that are one beam, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.axes import Axis
from gateway.domain.errors import InputError
from gateway.formats.dynalog import dynalog_trajectory, pair_of, read_bank
from gateway.formats.dynalog.log import LeafColumn
from tests import realdata

PAIRS = 3
PAIRED = (("AQA.dlg", "BQA.dlg"), ("A_static_imrt.dlg", "B_static_imrt.dlg"))


def bank(leaf: int, plan: str = "1.2.3,1", scale: int = 1, last_dose: int = 25_000) -> bytes:
    """Every leaf stands at ``leaf`` hundredths of a mm at the leaves."""
    rows = []
    for dose, on in ((0, 0), (12_500, 1), (last_dose, 1)):
        before = [dose, dose // 12_500, 0, on, 0, 25_000, 1350, 1800, 50, 60, 70, 80, 1, 1]
        rows.append(",".join(map(str, before + [leaf, leaf + 51, 0, 0] * PAIRS)))
    return "\n".join(["B", "Phantom^EPID", plan, "51", str(PAIRS), f" {scale}", *rows, ""]).encode()


def test_axes_banks_and_shares() -> None:
    pair = pair_of(read_bank(bank(5100)), read_bank(bank(2550)))
    beam = dynalog_trajectory(pair, 4, 80.0)
    assert beam.meterset_mu.tolist() == [0.0, 40.0, 80.0]
    assert (beam.axes[Axis.GANTRY][0], beam.axes[Axis.COLLIMATOR][0]) == (45.0, 0.0)
    assert [beam.axes[jaw][0] for jaw in (Axis.X1, Axis.X2, Axis.Y1, Axis.Y2)] == [-70, 80, -50, 60]
    np.testing.assert_allclose(beam.leaves["MLCX"][0], [-51.0] * PAIRS + [101.0] * PAIRS)
    expected = dynalog_trajectory(pair, 4, 80.0, LeafColumn.EXPECTED)
    np.testing.assert_allclose(expected.leaves["MLCX"][0], [-50.0] * PAIRS + [100.0] * PAIRS)
    assert beam.beam_on.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        (bank(1), bank(1, plan="1.2.4,1"), "plan"),
        (bank(1), bank(1, last_dose=24_999), "dose"),
        (bank(1, scale=0), bank(1), "scale"),
        (b"C" + bank(1)[1:], bank(1), "version"),
        (bank(1)[:-9], bank(1), "values"),
        (bank(1).replace(b"12500", b"1x500"), bank(1), "whole number"),
    ],
)
def test_what_is_refused(a: bytes, b: bytes, word: str) -> None:
    with pytest.raises(InputError, match=word):
        pair_of(read_bank(a), read_bank(b))


def test_an_arc_tells_no_dose() -> None:
    arc = read_bank(bank(1, last_dose=3586))
    with pytest.raises(InputError, match="arc"):
        dynalog_trajectory(pair_of(arc, arc), 1, 100.0)


@given(st.binary(max_size=300))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    with pytest.raises(InputError):
        read_bank(noise)


@pytest.mark.peer
@pytest.mark.parametrize(
    "names", [("AQA.dlg", "BQA.dlg"), ("A_static_imrt.dlg", "B_static_imrt.dlg")]
)
def test_real_pairs_do_not_overlap(names: tuple[str, str]) -> None:
    """Closed leaves may overlap by what the logged hundredths are at the isocentre."""
    banks = [read_bank(realdata.real_data(f"dynalog/{name}").read_bytes()) for name in names]
    leaves = dynalog_trajectory(pair_of(*banks), 1, 100.0).leaves["MLCX"]
    assert (leaves[:, 60:] - leaves[:, :60]).min() > -0.1


@pytest.mark.peer
def test_banks_of_two_beams_are_no_pair() -> None:
    banks = [read_bank(realdata.real_data(f"dynalog/{name}").read_bytes())
             for name in ("AQA.dlg", "B_static_imrt.dlg")]  # fmt: skip
    with pytest.raises(InputError, match="different beams"):
        pair_of(*banks)
