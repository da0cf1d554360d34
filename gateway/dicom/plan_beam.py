"""One beam of a plan as an item of Beam Sequence (PS3.3 C.8.8.14)."""

from collections.abc import Iterator

import numpy as np
from pydicom import Dataset

from gateway.dicom.accessory_items import add_planned_accessories, add_wedge_positions
from gateway.dicom.control_point_motion import ANGLES, FLOAT_ANGLES, TABLE_TOP, Motion, add_motion
from gateway.dicom.elements import clipped, ds, ds_list, paragraph, term, wrapped
from gateway.domain.axes import JAW_DEVICES, Axis
from gateway.domain.machine import MachineModel
from gateway.domain.plan import Beam, BeamLimitingDevice

BEAM_TYPES = ("STATIC", "DYNAMIC")


def beam_item(beam: Beam, machine: MachineModel) -> Dataset:
    """The item of ``beam``. Raises InputError for accessories that cannot be written."""
    item = Dataset()
    item.Manufacturer = clipped(machine.manufacturer, 64)
    item.ManufacturerModelName = clipped(machine.model_name, 64)
    item.DeviceSerialNumber = clipped(machine.serial_number, 64)
    item.TreatmentMachineName = clipped(beam.machine_name, 16)
    item.PrimaryDosimeterUnit = beam.primary_dosimeter_unit
    item.SourceAxisDistance = ds(beam.sad_mm)
    item.BeamLimitingDeviceSequence = [device_item(device) for device in beam.devices.values()]
    item.BeamNumber = beam.number
    item.BeamName = clipped(beam.name, 64)
    item.BeamDescription = paragraph(beam.description, 1024)
    item.BeamType = beam_type(beam)
    item.RadiationType = beam.radiation_type
    add_fluence_mode(item, beam)
    item.TreatmentDeliveryType = term(beam.delivery_type)
    if beam.patient_setup_number is not None:
        item.ReferencedPatientSetupNumber = beam.patient_setup_number
    if beam.tolerance_table_number is not None:
        item.ReferencedToleranceTableNumber = beam.tolerance_table_number
    add_planned_accessories(item, beam)
    item.FinalCumulativeMetersetWeight = ds(beam.final_meterset_weight)
    item.NumberOfControlPoints = beam.control_point_count
    item.ControlPointSequence = list(_control_points(beam))
    return item


def beam_type(beam: Beam) -> str:
    """The plan's Beam Type; where it has none of the two, by whether anything moves."""
    if beam.beam_type in BEAM_TYPES:
        return beam.beam_type
    columns = (*beam.axes.values(), *beam.leaves.values())
    return "DYNAMIC" if any(np.ptp(column, axis=0).any() for column in columns) else "STATIC"


def add_fluence_mode(item: Dataset, beam: Beam) -> None:
    """Primary Fluence Mode Sequence; nothing where the plan states no mode."""
    if beam.fluence_mode:
        mode = Dataset()
        mode.FluenceMode = term(beam.fluence_mode)
        if beam.fluence_mode == "NON_STANDARD":
            mode.FluenceModeID = "FFF"
        item.PrimaryFluenceModeSequence = [mode]


def device_item(device: BeamLimitingDevice) -> Dataset:
    """Type, pairs and boundaries of a beam limiting device, without positions."""
    item = Dataset()
    item.RTBeamLimitingDeviceType = device.type
    item.NumberOfLeafJawPairs = device.pairs
    if device.source_distance_mm is not None:
        item.SourceToBeamLimitingDeviceDistance = ds(device.source_distance_mm)
    if device.boundaries_mm is not None:
        item.LeafPositionBoundaries = ds_list(device.boundaries_mm.tolist())
    return item


def _control_points(beam: Beam) -> Iterator[Dataset]:
    previous: Motion | None = None
    wedges: object = None
    for index in range(beam.control_point_count):
        item = Dataset()
        item.ControlPointIndex = index
        weight = float(beam.meterset_weight[index]) * beam.final_meterset_weight
        item.CumulativeMetersetWeight = ds(weight)
        if index == 0:
            _add_initial(item, beam)
        if index < len(beam.wedge_positions) and beam.wedge_positions[index] != wedges:
            wedges = beam.wedge_positions[index]
            add_wedge_positions(item, beam.wedge_positions[index])
        motion = planned_motion(beam, index)
        add_motion(item, motion, previous)
        previous = motion
        yield item


def _add_initial(item: Dataset, beam: Beam) -> None:
    item.NominalBeamEnergy = ds(beam.nominal_energy)
    if beam.dose_rate_mu_per_min is not None:
        item.DoseRateSet = ds(beam.dose_rate_mu_per_min)
    item.IsocenterPosition = None if beam.isocenter_mm is None else ds_list(beam.isocenter_mm)


def planned_motion(beam: Beam, index: int) -> Motion:
    """Where everything stands at a control point of the plan."""
    return Motion(
        angles={
            axis: (_angle(axis, float(beam.axes[axis][index])), _direction(beam, axis, index))
            for axis in ANGLES
            if axis in beam.axes
        },
        translations={
            axis: ds(float(beam.axes[axis][index])) for axis in TABLE_TOP if axis in beam.axes
        },
        devices={
            device: ds_list(_device_positions(beam, device, index)) for device in beam.devices
        },
    )


def _angle(axis: Axis, angle_deg: float) -> str:
    return repr(wrapped(angle_deg)) if axis in FLOAT_ANGLES else ds(wrapped(angle_deg))


def _direction(beam: Beam, axis: Axis, index: int) -> str:
    return beam.rotation[axis][index] if axis in beam.rotation else "NONE"


def _device_positions(beam: Beam, device: str, index: int) -> list[float]:
    if device in beam.leaves:
        return [float(value) for value in beam.leaves[device][index]]
    return [float(beam.axes[axis][index]) for axis in JAW_DEVICES[device]]
