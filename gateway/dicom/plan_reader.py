"""An RT Plan dataset into a treatment plan of one fraction group."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gateway.dicom.beam_reader import read_beam
from gateway.dicom.item import Item
from gateway.domain.axes import Axis
from gateway.domain.plan import (
    Beam,
    FractionGroup,
    Patient,
    PatientSetup,
    Prescription,
    ToleranceTable,
    TreatmentPlan,
)

IMAGING_DELIVERY_TYPES = frozenset({"SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"})
_PATIENT_KEYWORDS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "StudyDescription",
)
_AXIS_TOLERANCES: Mapping[str, Axis] = {
    "GantryAngleTolerance": Axis.GANTRY,
    "BeamLimitingDeviceAngleTolerance": Axis.COLLIMATOR,
    "PatientSupportAngleTolerance": Axis.COUCH_ROTATION,
    "TableTopVerticalPositionTolerance": Axis.COUCH_VERTICAL,
    "TableTopLongitudinalPositionTolerance": Axis.COUCH_LONGITUDINAL,
    "TableTopLateralPositionTolerance": Axis.COUCH_LATERAL,
    "TableTopPitchAngleTolerance": Axis.COUCH_PITCH,
    "TableTopRollAngleTolerance": Axis.COUCH_ROLL,
}
_FLOAT32_TOLERANCES = frozenset({"TableTopPitchAngleTolerance", "TableTopRollAngleTolerance"})


def read_treatment_plan(root: Item, fraction_group: int, sha256: str) -> TreatmentPlan | None:
    """The plan, or None where a finding noted in ``root.notes`` makes it impossible."""
    group_item = next(
        (
            item
            for item in root.items("FractionGroupSequence")
            if item.integer("FractionGroupNumber") == fraction_group
        ),
        None,
    )
    if group_item is None:
        text = f"there is no fraction group {fraction_group}"
        root.notes.error("no-fraction-group", "FractionGroupSequence", text)
        return None
    group = _fraction_group(group_item, fraction_group)
    setups = {setup.number: setup for setup in _patient_setups(root)}
    beams = _beams(root, group, group_item)
    beams = {number: _positioned(beam, setups) for number, beam in beams.items()}
    if not beams:
        text = "the fraction group has no beam that can be delivered"
        root.notes.error("no-beams", group_item.path, text)
    for keyword in ("SOPInstanceUID", "StudyInstanceUID"):
        if not root.has(keyword):
            root.notes.error("missing", keyword, "a value is required here")
    return TreatmentPlan(
        sop_instance_uid=root.text("SOPInstanceUID"),
        study_instance_uid=root.text("StudyInstanceUID"),
        frame_of_reference_uid=root.text("FrameOfReferenceUID"),
        label=root.text("RTPlanLabel"),
        name=root.text("RTPlanName"),
        date=root.text("RTPlanDate"),
        approval_status=root.text("ApprovalStatus"),
        sha256=sha256,
        patient=Patient({keyword: root.text(keyword) for keyword in _PATIENT_KEYWORDS}),
        fraction_group=group,
        beams=beams,
        tolerance_tables={table.number: table for table in _tolerance_tables(root)},
        patient_setups=setups,
        prescriptions=tuple(_prescriptions(root)),
        series_instance_uid=root.text("SeriesInstanceUID"),
    )


def _fraction_group(item: Item, number: int) -> FractionGroup:
    metersets: dict[int, float] = {}
    order: list[int] = []
    for reference in item.items("ReferencedBeamSequence"):
        beam_number = reference.required_integer("ReferencedBeamNumber")
        meterset = reference.number("BeamMeterset")
        if beam_number is None:
            continue
        if beam_number in order:
            text = f"beam {beam_number} is referenced twice"
            item.notes.error("duplicate-number", reference.where("ReferencedBeamNumber"), text)
        order.append(beam_number)
        if meterset is not None:
            metersets[beam_number] = meterset
    if any(True for _ in item.items("ReferencedBrachyApplicationSetupSequence")):
        path = item.where("ReferencedBrachyApplicationSetupSequence")
        item.notes.error("brachy-plan", path, "brachytherapy cannot be delivered yet")
    planned = item.integer("NumberOfFractionsPlanned")
    return FractionGroup(number, planned, metersets, tuple(order))


def _beams(root: Item, group: FractionGroup, group_item: Item) -> Mapping[int, Beam]:
    items: dict[int, tuple[int, Item]] = {}
    for index, item in enumerate(root.items("BeamSequence")):
        number = item.required_integer("BeamNumber")
        if number is None:
            continue
        if number in items:
            text = f"beam number {number} stands twice"
            item.notes.error("duplicate-number", item.where("BeamNumber"), text)
        items[number] = (index, item)
    beams: dict[int, Beam] = {}
    for number in group.beam_numbers:
        if number not in items:
            path = group_item.where("ReferencedBeamSequence")
            root.notes.error("dangling-reference", path, f"there is no beam {number}")
            continue
        index, item = items[number]
        if _is_deliverable(item, number, group):
            beam = read_beam(item, index, number, group.metersets_mu[number])
            if beam is not None:
                beams[number] = beam
    return beams


def _positioned(beam: Beam, setups: Mapping[int, PatientSetup]) -> Beam:
    setup = setups.get(beam.patient_setup_number) if beam.patient_setup_number else None
    return beam if setup is None else replace(beam, patient_position=setup.position or None)


def _is_deliverable(item: Item, number: int, group: FractionGroup) -> bool:
    kind = item.text("TreatmentDeliveryType")
    name = item.text("BeamName") or f"beam {number}"
    if kind in IMAGING_DELIVERY_TYPES:
        text = f"beam {number} ({name}) is for imaging ({kind}); it is not delivered"
        item.notes.info("imaging-beam", item.where("TreatmentDeliveryType"), text)
        return False
    if number not in group.metersets_mu:
        text = f"beam {number} ({name}) has no Beam Meterset; it is not delivered"
        item.notes.warning("no-meterset", item.path, text)
        return False
    if group.metersets_mu[number] <= 0:
        text = f"beam {number} ({name}) has {group.metersets_mu[number]:g} MU; nothing to deliver"
        item.notes.error("meterset", item.path, text)
        return False
    return True


def _tolerance_tables(root: Item) -> Iterator[ToleranceTable]:
    for item in root.items("ToleranceTableSequence"):
        number = item.required_integer("ToleranceTableNumber")
        if number is None:
            continue
        axes: dict[Axis, float] = {}
        for keyword, axis in _AXIS_TOLERANCES.items():
            small = keyword in _FLOAT32_TOLERANCES
            value = item.float32(keyword) if small else item.number(keyword)
            if value is not None:
                axes[axis] = value
        devices: dict[str, float] = {}
        for device in item.items("BeamLimitingDeviceToleranceSequence"):
            value = device.number("BeamLimitingDevicePositionTolerance")
            if value is not None:
                devices[device.text("RTBeamLimitingDeviceType")] = value
        yield ToleranceTable(number, item.text("ToleranceTableLabel"), axes, devices)


def _patient_setups(root: Item) -> Iterator[PatientSetup]:
    for item in root.items("PatientSetupSequence"):
        number = item.required_integer("PatientSetupNumber")
        if number is not None:
            yield PatientSetup(
                number,
                item.text("PatientPosition"),
                item.text("SetupTechnique"),
                tuple(_devices(item, *FIXATION)),
                tuple(_devices(item, *SHIELDING)),
            )


FIXATION = ("FixationDeviceSequence", "FixationDeviceType", "FixationDeviceLabel")
SHIELDING = ("ShieldingDeviceSequence", "ShieldingDeviceType", "ShieldingDeviceLabel")


def _devices(setup: Item, sequence: str, kind: str, label: str) -> Iterator[str]:
    for item in setup.items(sequence):
        parts = (item.text(kind), item.text(label))
        yield " ".join(part for part in parts if part)


def _prescriptions(root: Item) -> Iterator[Prescription]:
    for item in root.items("DoseReferenceSequence"):
        number = item.required_integer("DoseReferenceNumber")
        if number is not None:
            yield Prescription(
                number,
                item.text("DoseReferenceType"),
                item.text("DoseReferenceDescription"),
                item.number("TargetPrescriptionDose"),
            )
