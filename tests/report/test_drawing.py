"""Pictures and scales: PNG against an independent reader, ticks, field outlines."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gateway.adapters.report.canvas import Scale, number, signed
from gateway.adapters.report.markup import tag, text
from gateway.adapters.report.png import png
from gateway.adapters.report.portal import field_outline
from gateway.adapters.report.wording import cause_sentence
from gateway.domain.axes import Axis
from gateway.domain.reconciliation import Cause
from tests.reconcile import builders, sketches


def read_png(content: bytes) -> np.ndarray:
    """Chunk by chunk with every checksum; filter type 0 only."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    columns, rows, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, rest) == (8, [0, 0, 0])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8)
    lines = lines.reshape(rows, 1 + columns * channels)
    assert not lines[:, 0].any()
    shape = (rows, columns) if channels == 1 else (rows, columns, channels)
    return lines[:, 1:].reshape(shape)


@given(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3, 4])).flatmap(
        lambda size: hnp.arrays(np.uint8, size[:2] if size[2] == 1 else size)
    )
)
def test_png_says_what_it_was_given(pixels: np.ndarray) -> None:
    np.testing.assert_array_equal(read_png(png(pixels)), pixels)


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.integers(2, 9))
def test_ticks_are_few_round_and_inside(low: float, width: float, most: int) -> None:
    scale = Scale(low, low + width, 0.0, 100.0)
    ticks = scale.ticks(most)
    assert len(ticks) <= most + 1
    # an end of the range counts as inside to a billionth of a step (at most 5 widths)
    slack = 1e-8 * width + 1e-9
    assert all(low - slack <= tick <= low + width + slack for tick in ticks)
    steps = np.diff(ticks)
    if steps.size:
        mantissa = steps[0] / 10 ** np.floor(np.log10(steps[0] * 1.0000001))
        assert min(abs(mantissa - wanted) for wanted in (1, 2, 5)) < 1e-4


def test_numbers_for_people() -> None:
    assert number(-1.5) == "\u22121.5"
    assert number(-0.001, 2) == "0.00"
    assert signed(0.25, 1) == "+0.2"
    assert signed(-0.01, 1) == "0.0"


def test_markup_is_escaped() -> None:
    assert text('<a & "b">') == "&lt;a &amp; &quot;b&quot;&gt;"
    assert tag("p", "x", title='"<') == '<p title="&quot;&lt;">x</p>'


def test_the_outline_is_what_the_plan_opens() -> None:
    """Static field: the polygon's area is that of the open pairs between the jaws."""
    sketch = sketches.static(pairs=10)
    beam = sketch.beam
    (loop,) = field_outline(beam)
    x, y = loop[:, 0], loop[:, 1]
    area = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
    negative, positive = sketch.leaves[0, :10], sketch.leaves[0, 10:]
    # leaves lie inside the jaws (X -60..70, Y -50..55); pairs are 5 mm wide
    wanted = float(((positive - negative) * 5.0).sum())
    assert area == pytest.approx(wanted, rel=1e-9)


def test_the_outline_turns_with_the_collimator() -> None:
    """At 90 degrees the collimator's X lies along the receptor's Y."""
    beam = sketches.static(pairs=10).beam
    axes = dict(beam.axes)
    loops = []
    for angle in (0.0, 90.0):
        axes[Axis.COLLIMATOR] = np.full(2, angle)
        object_beam = builders.replace(beam, axes=dict(axes))
        loops.append(field_outline(object_beam)[0])
    np.testing.assert_allclose(
        loops[1], np.stack((-loops[0][:, 1], loops[0][:, 0]), axis=1), atol=1e-9
    )


ALL_CAUSES = (
    "stuck-leaf leaf-offset leaf-lag leaf-drift leaf-deviation leaf-speed-loss bank-offset "
    "bank-deviation swapped-banks gantry-lag stuck-axis axis-offset axis-lag axis-drift "
    "axis-deviation couch-drift meterset-overrun meterset-shortfall meterset-unknown dose-rate "
    "lost-link stale-telemetry garbage-bytes lost-samples dropped-frame duplicated-frame "
    "reordered-frame door-open emergency-stop dead-man operator-abort position-interlock "
    "dose-rate-interlock meterset-interlock hardware-interlock wrong-mode wrong-accessory "
    "image-unexplained image-not-compared "
    "terminated"
)


@pytest.mark.parametrize("name", [*ALL_CAUSES.split(), "something-new"])
@pytest.mark.parametrize("point", [None, 0, 7])
def test_every_cause_has_a_sentence(name: str, point: int | None) -> None:
    cause = Cause(name, 1, "MLCX", "X2", 30, 4, point, -2.25, "mm", "linac")
    sentence = cause_sentence(cause)
    assert sentence.endswith(".")
    assert "None" not in sentence
    assert "{" not in sentence


def test_sentences_say_which_way() -> None:
    leaf = Cause("leaf-offset", 1, "MLCX", "X2", 30, None, 0, -1.5, "mm")
    assert cause_sentence(leaf) == (
        "Leaf 30 of bank X2 (MLCX) stood off its place by a constant \u22121.5\u00a0mm "
        "(towards \u2212X) from the start."
    )
    gantry = Cause("gantry-lag", 1, "gantry", control_point=3, error=-2.4, unit="deg")
    assert cause_sentence(gantry) == (
        "The gantry trailed its plan by up to 2.40\u00b0 from control point 3 on."
    )
