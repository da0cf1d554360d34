"""Faults, each of which alone makes a plan undeliverable, whatever else it says."""

import copy
import io
import random
import struct
from collections.abc import Callable, Mapping
from functools import cache

from pydicom import Dataset, config, dcmread, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.dicom_read.test_numbers import HOSTILE
from tests.hostile.objects import set_text

Fault = Callable[[random.Random, bytes], bytes]
Change = Callable[[random.Random, Dataset], None]
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


@cache
def _encoded_in(syntax: str, content: bytes) -> bytes:
    """``content`` in another transfer syntax: what no fault touches is then written as it is."""
    dataset = dcmread(io.BytesIO(content))
    dataset.file_meta.TransferSyntaxUID = syntax
    written = io.BytesIO()
    dcmwrite(written, dataset)
    return written.getvalue()


def _changed(change: Change) -> Fault:
    def spoil(draw: random.Random, content: bytes) -> bytes:
        dataset = dcmread(io.BytesIO(_encoded_in(draw.choice(SYNTAXES), content)))
        with config.disable_value_validation():
            change(draw, dataset)
            written = io.BytesIO()
            dcmwrite(written, dataset)
        return written.getvalue()

    return spoil


def _beam(draw: random.Random, made: Dataset) -> Dataset:
    return draw.choice(made.BeamSequence)


def _points(draw: random.Random, made: Dataset) -> list[Dataset]:
    return list(_beam(draw, made).ControlPointSequence)


def _reference(draw: random.Random, made: Dataset) -> Dataset:
    return draw.choice(made.FractionGroupSequence[0].ReferencedBeamSequence)


def no_number(draw: random.Random, made: Dataset) -> None:
    points = _points(draw, made)
    place, keyword = draw.choice(
        (
            (_reference(draw, made), "BeamMeterset"),
            (_beam(draw, made), "FinalCumulativeMetersetWeight"),
            (_beam(draw, made), "SourceAxisDistance"),
            (_beam(draw, made), "BeamNumber"),
            (draw.choice(points), "CumulativeMetersetWeight"),
            (draw.choice(points), "GantryAngle"),
            (points[0], "BeamLimitingDeviceAngle"),
            (points[0], "PatientSupportAngle"),
            (points[0], "NominalBeamEnergy"),
            (points[0], "DoseRateSet"),
        )
    )
    set_text(place, keyword, draw.choice(HOSTILE))


def no_leaf_number(draw: random.Random, made: Dataset) -> None:
    device = draw.choice(_points(draw, made)[0].BeamLimitingDevicePositionSequence)
    texts = [str(one) for one in device.LeafJawPositions]
    texts[draw.randrange(len(texts))] = draw.choice(HOSTILE)
    set_text(device, "LeafJawPositions", "\\".join(texts))


def leaf_count(draw: random.Random, made: Dataset) -> None:
    device = draw.choice(_points(draw, made)[0].BeamLimitingDevicePositionSequence)
    values = [str(one) for one in device.LeafJawPositions]
    values = values[:-1] if draw.random() < 0.5 else [*values, values[-1]]
    set_text(device, "LeafJawPositions", "\\".join(values))


def pair_count(draw: random.Random, made: Dataset) -> None:
    device = draw.choice(_beam(draw, made).BeamLimitingDeviceSequence)
    device.NumberOfLeafJawPairs = int(device.NumberOfLeafJawPairs) + draw.choice((-1, 1, 60))


def crossed_leaves(draw: random.Random, made: Dataset) -> None:
    device = _points(draw, made)[0].BeamLimitingDevicePositionSequence[-1]
    values = [float(one) for one in device.LeafJawPositions]
    half, pair = len(values) // 2, draw.randrange(len(values) // 2)
    values[pair] = values[half + pair] + 10.0
    set_text(device, "LeafJawPositions", "\\".join(f"{one:g}" for one in values))


def lost_control_point(draw: random.Random, made: Dataset) -> None:
    points = _beam(draw, made).ControlPointSequence
    del points[draw.randrange(len(points))]


def doubled_control_point(draw: random.Random, made: Dataset) -> None:
    points = _beam(draw, made).ControlPointSequence
    points.append(copy.deepcopy(draw.choice(points)))


def weights_that_fall(draw: random.Random, made: Dataset) -> None:
    points = _points(draw, made)
    final = float(points[-1].CumulativeMetersetWeight)
    at = draw.randrange(len(points))
    low, high = str(-final / 2), str(final * 2)
    points[at].CumulativeMetersetWeight = (
        draw.choice((low, high)) if at else draw.choice((low, "1"))
    )


def final_weight(draw: random.Random, made: Dataset) -> None:
    beam = _beam(draw, made)
    final = float(beam.FinalCumulativeMetersetWeight)
    beam.FinalCumulativeMetersetWeight = draw.choice(("0", "-1", str(final * 2), str(final / 2)))


def dose(draw: random.Random, made: Dataset) -> None:
    _reference(draw, made).BeamMeterset = draw.choice(("0", "-100", "1e9", "-0"))


def dangling(draw: random.Random, made: Dataset) -> None:
    _reference(draw, made).ReferencedBeamNumber = 999


def beam_twice(draw: random.Random, made: Dataset) -> None:
    made.BeamSequence.append(copy.deepcopy(_beam(draw, made)))


def reference_twice(draw: random.Random, made: Dataset) -> None:
    references = made.FractionGroupSequence[0].ReferencedBeamSequence
    references.append(copy.deepcopy(draw.choice(references)))


def number_of_beams(draw: random.Random, made: Dataset) -> None:
    group = made.FractionGroupSequence[0]
    group.NumberOfBeams = int(group.NumberOfBeams) + draw.choice((-1, 1, 7))


FIRST_POINT = (
    "NominalBeamEnergy",
    "GantryAngle",
    "GantryRotationDirection",
    "BeamLimitingDeviceAngle",
    "BeamLimitingDevicePositionSequence",
    "CumulativeMetersetWeight",
    "ControlPointIndex",
)


def incomplete_first_point(draw: random.Random, made: Dataset) -> None:
    delattr(_points(draw, made)[0], draw.choice(FIRST_POINT))


def out_of_reach(draw: random.Random, made: Dataset) -> None:
    first = _points(draw, made)[0]
    keyword, text = draw.choice((("GantryAngle", "361"), ("NominalBeamEnergy", "99")))
    set_text(first, keyword, text)


def parked_or_missing_leaves(draw: random.Random, made: Dataset) -> None:
    for one in made.BeamSequence:
        positions = one.ControlPointSequence[0].BeamLimitingDevicePositionSequence
        del positions[-1]


def no_fraction_group(_draw: random.Random, made: Dataset) -> None:
    del made.FractionGroupSequence


def no_uid(draw: random.Random, made: Dataset) -> None:
    delattr(made, draw.choice(("SOPInstanceUID", "StudyInstanceUID", "SOPClassUID")))


def tag_twice(draw: random.Random, content: bytes) -> bytes:
    """An element of any level stands a second time, behind the first (Explicit VR)."""
    tag, vr = draw.choice(((0x300A011E, b"DS"), (0x300A0134, b"DS"), (0x300A00C0, b"IS")))
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    dataset = dcmread(io.BytesIO(content))
    beam = dataset["BeamSequence"]
    beam.is_undefined_length = True
    for item in beam.value:
        item.is_undefined_length_sequence_item = True
        item["ControlPointSequence"].is_undefined_length = True
        for point in item.ControlPointSequence:
            point.is_undefined_length_sequence_item = True
    written = io.BytesIO()
    dcmwrite(written, dataset)
    raw = written.getvalue()
    at = raw.index(head, 200)
    (length,) = struct.unpack_from("<H", raw, at + 6)
    return raw[: at + 8 + length] + raw[at : at + 8 + length] + raw[at + 8 + length :]


def cut_off(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content) - 2000, len(content) - 1)]


FAULTS: Mapping[str, Fault] = {
    change.__name__: _changed(change)
    for change in (
        no_number,
        no_leaf_number,
        leaf_count,
        pair_count,
        crossed_leaves,
        lost_control_point,
        doubled_control_point,
        weights_that_fall,
        final_weight,
        dose,
        dangling,
        beam_twice,
        reference_twice,
        number_of_beams,
        incomplete_first_point,
        out_of_reach,
        parked_or_missing_leaves,
        no_fraction_group,
        no_uid,
    )
} | {"tag_twice": tag_twice, "cut_off": cut_off}
