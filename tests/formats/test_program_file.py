"""Machine programs as files: exact, the same bytes each time, and garbage is refused."""

import io
import json
import zipfile
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.axes import COUCH_TRANSLATIONS, JAWS, Axis, AxisLayout
from gateway.domain.errors import InputError
from gateway.domain.machine import BeamMode
from gateway.domain.program import MachineProgram, PathProfile
from gateway.domain.units import frozen
from gateway.formats.program_file import read_program, write_program

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def programs(draw: Any) -> MachineProgram:
    """Any program, deliverable or not: what is kept does not depend on it."""
    layout = draw(
        st.sampled_from(
            [
                AxisLayout((Axis.GANTRY, *JAWS), (("MLCX", 2),)),
                AxisLayout((Axis.GANTRY,), (("MLCX1", 2), ("MLCX2", 1))),
                AxisLayout((), ()),
            ]
        )
    )
    rows, pieces = draw(st.integers(1, 5)), draw(st.integers(1, 4))

    def numbers(count: int) -> Any:
        return frozen(draw(st.lists(FINITE, min_size=count, max_size=count)))

    return MachineProgram(
        beam_number=draw(st.integers(1, 999)),
        beam_name=draw(st.text(max_size=16)),
        mode=BeamMode(
            draw(st.text(max_size=8)), "PHOTON", draw(FINITE), draw(st.text(max_size=4)), 600.0
        ),
        layout=layout,
        positions=frozen(numbers(rows * layout.size).reshape(rows, layout.size)),
        meterset_mu=numbers(rows),
        plan_control_point=numbers(rows),
        profile=PathProfile(*(numbers(pieces) for _ in range(4)), draw(FINITE)),
        maximum_dose_rate_mu_per_min=draw(FINITE),
        verified=draw(st.frozensets(st.sampled_from(Axis))),
        couch=draw(st.dictionaries(st.sampled_from(COUCH_TRANSLATIONS), FINITE)),
        accessories=tuple(draw(st.lists(st.text(max_size=8), max_size=3))),
    )


def check_same(one: Any, other: Any) -> None:
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype
            assert not left.flags.writeable
            np.testing.assert_array_equal(left, right, err_msg=field.name)
        elif isinstance(left, PathProfile):
            check_same(left, right)
        else:
            assert left == right, field.name


@settings(max_examples=60, deadline=None)
@given(program=programs())
def test_a_program_comes_back_exactly_and_in_the_same_bytes(program: MachineProgram) -> None:
    content = write_program(program)
    again = read_program(content)
    check_same(again, program)
    assert write_program(again) == content


@pytest.fixture(scope="module")
def content() -> bytes:
    return write_program(_program())


def _program() -> MachineProgram:
    return MachineProgram(
        beam_number=1,
        beam_name="field",
        mode=BeamMode("6X", "PHOTON", 6.0, "STANDARD", 600.0),
        layout=AxisLayout((Axis.GANTRY,), (("MLCX", 1),)),
        positions=frozen([[1.0, -5.0, 5.0], [2.0, -6.0, 6.0]]),
        meterset_mu=frozen([0.0, 100.0]),
        plan_control_point=frozen([0.0, 1.0]),
        profile=PathProfile(frozen([0.0]), frozen([0.0]), frozen([0.1]), frozen([0.0]), 10.0),
        maximum_dose_rate_mu_per_min=600.0,
        verified=frozenset({Axis.GANTRY}),
        couch={Axis.COUCH_LATERAL: 1.5},
    )


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archived(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in files.items():
            archive.writestr(name, member)
    return buffer.getvalue()


def test_the_file_carries_no_date(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def _array(value: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "garbage",
    [b"", b"PK\x03\x04", bytes(500), b"\x93NUMPY\x01\x00", _array(np.zeros(3)), archived({})],
)
def test_another_file_is_refused(garbage: bytes) -> None:
    with pytest.raises(InputError, match="not a stored machine program"):
        read_program(garbage)


@pytest.mark.parametrize(
    "name",
    ["header", "positions", "meterset_mu", "plan_control_point", "profile_time_s", "profile_speed"],
)
def test_a_part_that_is_missing_is_told(content: bytes, name: str) -> None:
    files = members(content)
    del files[f"{name}.npy"]
    with pytest.raises(InputError, match=name):
        read_program(archived(files))


def test_pickled_objects_are_never_opened(content: bytes) -> None:
    files = members(content)
    files["positions.npy"] = _array(np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(InputError, match="not a stored machine program"):
        read_program(archived(files))


@pytest.mark.parametrize(
    "change",
    [
        {"mode": ["6X"]},
        {"mode": None},
        {"scalars": ["elbow"]},
        {"mlcs": [["MLCX"]]},
        {"mlcs": 3},
        {"verified": ["elbow"]},
        {"couch": []},
        {"couch": {"couch_lateral": "far"}},
        {"beam_number": "one"},
        {"duration_s": None},
    ],
)
def test_a_header_that_makes_no_sense_is_refused(content: bytes, change: dict[str, Any]) -> None:
    files = members(content)
    header = json.loads(str(np.load(io.BytesIO(files["header.npy"]))))
    files["header.npy"] = _array(np.array(json.dumps(header | change)))
    with pytest.raises(InputError, match="not a stored machine program"):
        read_program(archived(files))


@pytest.mark.parametrize("header", ["", "[]", "null", "{", "3"])
def test_a_header_that_is_none_is_refused(content: bytes, header: str) -> None:
    files = members(content) | {"header.npy": _array(np.array(header))}
    with pytest.raises(InputError, match="not a stored machine program"):
        read_program(archived(files))


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("positions", np.zeros((2, 2))),
        ("positions", np.zeros(6)),
        ("meterset_mu", np.zeros(3)),
        ("meterset_mu", np.zeros((2, 1))),
        ("plan_control_point", np.zeros(1)),
        ("profile_s", np.zeros(2)),
        ("positions", np.full((2, 3), np.nan)),
        ("meterset_mu", np.array([0.0, np.inf])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(content: bytes, name: str, array: Any) -> None:
    files = members(content) | {f"{name}.npy": _array(array)}
    with pytest.raises(InputError, match="not a stored machine program"):
        read_program(archived(files))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_and_never_crashes(data: st.DataObject) -> None:
    damaged = bytearray(write_program(_program()))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(damaged)) | st.integers(0, len(damaged)))
    try:
        again = read_program(bytes(damaged[:end]))
    except InputError:
        return
    check_same(again, _program())
