"""A whole plan around generated beams: fictional patient, setup, tolerances, fractions."""

from collections.abc import Sequence

import numpy as np

from gateway.domain.axes import Axis
from gateway.domain.identifiers import derived_uid
from gateway.domain.machine import MachineModel
from gateway.domain.plan import (
    Beam,
    BeamLimitingDevice,
    FractionGroup,
    Patient,
    PatientSetup,
    Prescription,
    ToleranceTable,
    TreatmentPlan,
)
from gateway.domain.units import frozen
from gateway.planning.generate.field import FieldBeam, jaw_devices

PLAN_DATE = "20250101"
FRACTIONS_PLANNED = 30
PATIENT = Patient(
    {
        "PatientName": "Phantom^EPID",
        "PatientID": "PHANTOM-EPID",
        "PatientBirthDate": "",
        "PatientSex": "O",
        "StudyDate": PLAN_DATE,
        "StudyTime": "000000",
        "StudyID": "1",
        "StudyDescription": "Generated test plan",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
    }
)
SETUP = PatientSetup(number=1, position="HFS", technique="ISOCENTRIC")
TOLERANCES = {
    Axis.GANTRY: 1.0,
    Axis.COLLIMATOR: 1.0,
    Axis.COUCH_ROTATION: 1.0,
    Axis.COUCH_VERTICAL: 2.0,
    Axis.COUCH_LONGITUDINAL: 2.0,
    Axis.COUCH_LATERAL: 2.0,
}
"""Degree and mm."""
DEVICE_TOLERANCE_MM = 2.0


def phantom_plan(
    kind: str, machine: MachineModel, seed: int, fields: Sequence[FieldBeam]
) -> TreatmentPlan:
    """The plan of ``fields``; its UIDs follow from kind, machine and seed."""
    words = ("generated-plan", kind, machine.name, str(seed))
    beams = {number: _beam(machine, field, number) for number, field in enumerate(fields, start=1)}
    return TreatmentPlan(
        sop_instance_uid=derived_uid(*words, "plan"),
        study_instance_uid=derived_uid(*words, "study"),
        frame_of_reference_uid=derived_uid(*words, "frame-of-reference"),
        label=kind[:16],
        name=f"{kind} for {machine.name}",
        date=PLAN_DATE,
        approval_status="UNAPPROVED",
        sha256="",
        patient=PATIENT,
        fraction_group=FractionGroup(
            number=1,
            fractions_planned=FRACTIONS_PLANNED,
            metersets_mu={number: beam.meterset_mu for number, beam in beams.items()},
            beam_numbers=tuple(beams),
        ),
        beams=beams,
        tolerance_tables={1: _tolerance_table(machine)},
        patient_setups={SETUP.number: SETUP},
        prescriptions=(Prescription(1, "TARGET", "Phantom", 2.0 * FRACTIONS_PLANNED),),
    )


def _beam(machine: MachineModel, field: FieldBeam, number: int) -> Beam:
    n = field.weight.size
    level = {Axis.COUCH_PITCH: np.zeros(n), Axis.COUCH_ROLL: np.zeros(n)}
    angles = {**field.angles, **level}
    jaws = {axis: np.full(n, position) for axis, position in field.jaws_mm.items()}
    still = ("NONE",) * n
    moving = any(np.ptp(column) > 0.0 for column in angles.values()) or any(
        np.ptp(positions, axis=0).any() for positions in field.leaves.values()
    )
    return Beam(
        number=number,
        name=field.name,
        description=field.description,
        sequence_index=number - 1,
        beam_type="DYNAMIC" if moving else "STATIC",
        radiation_type=field.mode.radiation_type,
        delivery_type="TREATMENT",
        machine_name=machine.name[:16].rstrip(),
        primary_dosimeter_unit="MU",
        sad_mm=machine.sad_mm,
        meterset_mu=field.meterset_mu,
        nominal_energy=field.mode.nominal_energy,
        fluence_mode=field.mode.fluence_mode,
        dose_rate_mu_per_min=field.mode.maximum_dose_rate_mu_per_min,
        isocenter_mm=(0.0, 0.0, 0.0),
        patient_position=SETUP.position,
        devices=_devices(machine),
        meterset_weight=field.weight,
        axes={axis: frozen(column) for axis, column in {**angles, **jaws}.items()},
        rotation={axis: field.rotation.get(axis, still) for axis in angles},
        leaves={device: frozen(positions) for device, positions in field.leaves.items()},
        accessories=field.accessories,
        tolerance_table_number=1,
        patient_setup_number=SETUP.number,
    )


def _devices(machine: MachineModel) -> dict[str, BeamLimitingDevice]:
    jaws = {kind: BeamLimitingDevice(kind, 1) for kind in jaw_devices(machine)}
    leaves = {
        name: BeamLimitingDevice(mlc.type, mlc.pairs, mlc.boundaries_mm)
        for name, mlc in machine.mlcs.items()
    }
    return {**jaws, **leaves}


def _tolerance_table(machine: MachineModel) -> ToleranceTable:
    devices = dict.fromkeys((*jaw_devices(machine), *machine.mlcs), DEVICE_TOLERANCE_MM)
    return ToleranceTable(1, "Test", TOLERANCES, devices)
