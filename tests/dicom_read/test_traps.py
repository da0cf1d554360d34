"""What planning systems really write, and what must not be guessed."""

import copy
from collections.abc import Callable

import numpy as np
import pydicom
import pytest

from gateway.domain.axes import Axis
from tests.dicom_read.builders import (
    Change,
    beam,
    changed,
    encoded,
    good,
    plan_bytes,
    point,
    positions,
    read,
    rules,
    set_text,
)

FIRST = "BeamSequence[0].ControlPointSequence[0]"
SECOND = "BeamSequence[0].ControlPointSequence[1]"


def remove(keyword: str, *, of: Callable[[pydicom.Dataset], pydicom.Dataset]) -> Change:
    return lambda dataset: delattr(of(dataset), keyword)


def test_unchanged_values_are_carried_forward_by_device() -> None:
    plan = good(lambda _: None)
    first = next(iter(plan.beams.values()))
    count = first.control_point_count
    assert {column.shape[0] for column in (*first.axes.values(), *first.leaves.values())} == {count}

    def only_leaves_again(dataset: pydicom.Dataset) -> None:
        item = copy.deepcopy(positions(dataset, "MLCX"))
        item.LeafJawPositions = [float(value) + 1 for value in item.LeafJawPositions]
        point(dataset, 1).BeamLimitingDevicePositionSequence = [item]

    moved = next(iter(good(only_leaves_again).beams.values()))
    assert np.allclose(moved.leaves["MLCX"][1] - moved.leaves["MLCX"][0], 1.0)
    assert moved.axes[Axis.X1][1] == moved.axes[Axis.X1][0]


def test_leaves_stand_in_the_order_of_dicom() -> None:
    values = [*(-100.0 - np.arange(60)), *(100.0 + np.arange(60))]

    def ladder(dataset: pydicom.Dataset) -> None:
        for index in range(len(beam(dataset).ControlPointSequence)):
            item = copy.deepcopy(positions(dataset, "MLCX"))
            item.LeafJawPositions = values
            point(dataset, index).BeamLimitingDevicePositionSequence = [
                *(
                    other
                    for other in point(dataset, index).get("BeamLimitingDevicePositionSequence", ())
                    if other.RTBeamLimitingDeviceType != "MLCX"
                ),
                item,
            ]

    leaves = next(iter(good(ladder).beams.values())).leaves["MLCX"]
    assert leaves[0, :60].tolist() == values[:60]
    assert leaves[0, 60:].tolist() == values[60:]


def test_machines_without_an_x_jaw_and_with_two_layers() -> None:
    agility = next(iter(good(lambda _: None, "open-field", "agility").beams.values()))
    assert Axis.X1 not in agility.axes
    assert set(agility.devices) == {"ASYMY", "MLCX"}
    halcyon = next(iter(good(lambda _: None, "open-field", "halcyon").beams.values()))
    assert halcyon.leaves["MLCX1"].shape[1] == 56
    assert halcyon.leaves["MLCX2"].shape[1] == 58


def test_a_file_without_preamble_is_read() -> None:
    content = plan_bytes()
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content))
    bare = pydicom.Dataset()
    bare.update(dataset)
    raw = encoded(bare, implicit_vr=True, little_endian=True, enforce_file_format=False)
    plan, findings = read(raw)
    assert plan is not None, findings
    assert raw[128:132] != b"DICM"


@pytest.mark.parametrize("implicit", [True, False])
def test_either_encoding_gives_the_same_plan(*, implicit: bool) -> None:
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(plan_bytes()))
    del dataset.file_meta.TransferSyntaxUID
    syntax = pydicom.uid.ImplicitVRLittleEndian if implicit else pydicom.uid.ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = syntax
    plan, findings = read(encoded(dataset))
    ours = good(lambda _: None)
    assert plan is not None, findings
    for number, other in plan.beams.items():
        assert np.array_equal(other.leaves["MLCX"], ours.beams[number].leaves["MLCX"])


def test_an_empty_couch_is_absent_and_never_zero() -> None:
    def empty(dataset: pydicom.Dataset) -> None:
        for keyword in ("Vertical", "Longitudinal", "Lateral"):
            setattr(point(dataset), f"TableTop{keyword}Position", None)

    axes = next(iter(good(empty).beams.values())).axes
    assert Axis.COUCH_VERTICAL not in axes

    def stated(dataset: pydicom.Dataset) -> None:
        point(dataset).TableTopVerticalPosition = "-120.5"

    assert next(iter(good(stated).beams.values())).axes[Axis.COUCH_VERTICAL][-1] == -120.5


def test_a_couch_that_moves_during_the_beam_is_refused() -> None:
    def relative(dataset: pydicom.Dataset) -> None:
        point(dataset).TableTopVerticalPosition = None
        point(dataset, 1).TableTopVerticalPosition = "5"

    assert rules(relative) == {"couch-motion": f"{SECOND}.TableTopVerticalPosition"}


@pytest.mark.parametrize("final", [100.0, 217.3])
def test_weights_are_divided_by_the_final_weight(final: float) -> None:
    def scale(dataset: pydicom.Dataset) -> None:
        for item in dataset.BeamSequence:
            item.FinalCumulativeMetersetWeight = final
            for control_point in item.ControlPointSequence:
                weight = float(control_point.CumulativeMetersetWeight) * final
                control_point.CumulativeMetersetWeight = f"{weight:.10g}"

    scaled, ours = good(scale), good(lambda _: None)
    for number, item in scaled.beams.items():
        expected = ours.beams[number].meterset_weight
        assert np.allclose(item.meterset_weight, expected, atol=1e-9)  # DS of ten digits
        assert item.meterset_weight[-1] == 1.0


WEIGHT = "CumulativeMetersetWeight"


def device(dataset: pydicom.Dataset, index: int) -> pydicom.Dataset:
    return beam(dataset).BeamLimitingDeviceSequence[index]


@pytest.mark.parametrize(
    ("change", "rule", "path"),
    [
        (lambda d: set_text(point(d, 1), WEIGHT, ""), "missing", f"{SECOND}.{WEIGHT}"),
        (lambda d: set_text(point(d), WEIGHT, "0.1"), "meterset-weight", f"{FIRST}.{WEIGHT}"),
        (lambda d: set_text(point(d, 2), WEIGHT, "-1"), "meterset-weight", None),
        (lambda d: set_text(point(d, -1), WEIGHT, "0.5"), "meterset-weight", None),
        (lambda d: set_text(beam(d), f"Final{WEIGHT}", "0"), "meterset-weight", None),
        (remove("GantryAngle", of=point), "missing", f"{FIRST}.GantryAngle"),
        (remove("BeamLimitingDeviceAngle", of=point), "missing", None),
        (remove("NominalBeamEnergy", of=point), "missing", f"{FIRST}.NominalBeamEnergy"),
        (remove("BeamLimitingDevicePositionSequence", of=point), "missing", None),
        (lambda d: set_text(point(d), "GantryAngle", "361"), "angle", f"{FIRST}.GantryAngle"),
        (lambda d: set_text(point(d), "GantryAngle", "1\\2"), "multiplicity", None),
        (lambda d: setattr(point(d, 1), "NominalBeamEnergy", "10"), "energy-change", None),
        (lambda d: setattr(point(d, 1), "IsocenterPosition", [1, 2, 3]), "isocentre-change", None),
        (lambda d: setattr(point(d), "GantryPitchAngle", 1.0), "unsupported-motion", None),
        (lambda d: setattr(beam(d), "RadiationType", "NEUTRON"), "radiation-type", None),
        (lambda d: setattr(beam(d), "PrimaryDosimeterUnit", "MINUTE"), "dosimeter-unit", None),
        (lambda d: setattr(beam(d, 1), "BeamNumber", 1), "duplicate-number", None),
        (lambda d: beam(d).ControlPointSequence.pop(), "missing-control-point", None),
        (lambda d: setattr(beam(d), "NumberOfControlPoints", 2), "control-point-count", None),
        (
            lambda d: setattr(positions(d, "MLCX"), "LeafJawPositions", [0.0] * 119),
            "leaf-count",
            f"{FIRST}.BeamLimitingDevicePositionSequence[2].LeafJawPositions",
        ),
        (
            lambda d: setattr(device(d, 2), "LeafPositionBoundaries", [1.0, 2.0]),
            "leaf-boundaries",
            None,
        ),
        (
            lambda d: setattr(device(d, 2), "RTBeamLimitingDeviceType", "VARI"),
            "device-type",
            None,
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_delivered_is_refused_by_name(
    change: Change, rule: str, path: str | None
) -> None:
    found = rules(change)
    assert rule in found
    assert found[rule].startswith("BeamSequence") or found[rule].startswith("FractionGroup")
    if path is not None:
        assert found[rule] == path


def test_beams_are_joined_by_number_and_imaging_beams_are_left_out() -> None:
    def shuffle(dataset: pydicom.Dataset) -> None:
        dataset.BeamSequence = list(reversed(dataset.BeamSequence))
        references = dataset.FractionGroupSequence[0].ReferencedBeamSequence
        for reference in references:
            reference.BeamMeterset = 10 * int(reference.ReferencedBeamNumber)
        setup = copy.deepcopy(beam(dataset))
        setup.BeamNumber, setup.TreatmentDeliveryType = 77, "SETUP"
        dataset.BeamSequence.insert(0, setup)
        reference = copy.deepcopy(references[0])
        reference.ReferencedBeamNumber = 77
        del reference.BeamMeterset
        references.insert(0, reference)

    plan, findings = read(changed(shuffle))
    assert plan is not None
    assert 77 not in plan.beams
    assert {number: item.meterset_mu for number, item in plan.beams.items()} == {
        number: 10.0 * number for number in plan.beams
    }
    assert [item.rule for item in findings] == ["imaging-beam"]


def test_dose_rates_of_zero_or_none_are_not_guessed() -> None:
    def without(dataset: pydicom.Dataset) -> None:
        for control_point in beam(dataset).ControlPointSequence:
            control_point.DoseRateSet = None

    def zero(dataset: pydicom.Dataset) -> None:
        for control_point in beam(dataset).ControlPointSequence:
            control_point.DoseRateSet = 0

    for change in (without, zero):
        assert next(iter(good(change).beams.values())).dose_rate_mu_per_min is None


def test_flattening_filter_free_beams_say_so() -> None:
    def free(dataset: pydicom.Dataset) -> None:
        item = pydicom.Dataset()
        item.FluenceMode, item.FluenceModeID = "NON_STANDARD", "FFF"
        beam(dataset).PrimaryFluenceModeSequence = [item]

    assert next(iter(good(free).beams.values())).fluence_mode == "NON_STANDARD"


def test_a_dynamic_wedge_is_refused_and_a_hard_one_carried() -> None:
    def wedge(kind: str) -> Change:
        def add(dataset: pydicom.Dataset) -> None:
            item = pydicom.Dataset()
            item.WedgeNumber, item.WedgeType, item.WedgeID = 1, kind, "W30"
            item.WedgeAngle, item.WedgeOrientation = 30, 90
            beam(dataset).WedgeSequence = [item]

        return add

    assert rules(wedge("DYNAMIC")) == {
        "dynamic-wedge": "BeamSequence[0].WedgeSequence[0].WedgeType"
    }
    (carried,) = next(iter(good(wedge("STANDARD")).beams.values())).accessories
    assert (carried.kind, carried.id, carried.angle_deg) == ("wedge", "W30", 30.0)


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 192", "Phantom^Épid"),
        ("ISO_IR 144", "Фантом^Панель"),
        ("GB18030", "幻影^面板"),
        (["", "ISO 2022 IR 87"], "Phantom^Epid=幻影^試験"),
    ],
)
def test_names_in_other_characters(charset: str | list[str], name: str) -> None:
    def rename(dataset: pydicom.Dataset) -> None:
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name

    assert good(rename).patient.attributes["PatientName"] == name
