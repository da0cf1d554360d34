"""One item of Beam Sequence (300A,00B0)."""

import numpy as np

from gateway.dicom.accessory_reader import read_accessories
from gateway.dicom.control_point_reader import read_control_points
from gateway.dicom.item import Item
from gateway.domain.axes import JAW_DEVICES, MLC_DEVICES
from gateway.domain.plan import Beam, BeamLimitingDevice
from gateway.domain.units import frozen

RADIATION_TYPES = ("PHOTON", "ELECTRON")
STANDARD_FLUENCE = "STANDARD"
DEFAULT_SAD_MM = 1000.0


def read_beam(item: Item, index: int, number: int, meterset_mu: float) -> Beam | None:
    """The beam, or None where a finding noted in ``item.notes`` makes it impossible."""
    radiation_type = item.text("RadiationType")
    if radiation_type not in RADIATION_TYPES:
        text = f"radiation type {radiation_type or 'empty'} cannot be delivered"
        item.notes.error("radiation-type", item.where("RadiationType"), text)
    unit = item.text("PrimaryDosimeterUnit") or "MU"
    if unit != "MU":
        text = f"metersets in {unit} cannot be delivered; only MU can"
        item.notes.error("dosimeter-unit", item.where("PrimaryDosimeterUnit"), text)
    if item.has("EnhancedRTBeamLimitingDeviceSequence"):
        path = item.where("EnhancedRTBeamLimitingDeviceSequence")
        item.notes.error("enhanced-device", path, "enhanced beam limiting devices cannot be read")
    devices = _devices(item)
    points = read_control_points(item, devices)
    if points is None:
        return None
    return Beam(
        number=number,
        name=item.text("BeamName") or f"Beam {number}",
        description=item.text("BeamDescription"),
        sequence_index=index,
        beam_type=item.text("BeamType"),
        radiation_type=radiation_type,
        delivery_type=item.text("TreatmentDeliveryType") or "TREATMENT",
        machine_name=item.text("TreatmentMachineName"),
        primary_dosimeter_unit=unit,
        sad_mm=item.number("SourceAxisDistance") or DEFAULT_SAD_MM,
        meterset_mu=meterset_mu,
        nominal_energy=points.nominal_energy,
        fluence_mode=_fluence_mode(item),
        dose_rate_mu_per_min=points.dose_rate_mu_per_min,
        isocenter_mm=points.isocenter_mm,
        patient_position=None,
        devices=devices,
        meterset_weight=points.meterset_weight,
        final_meterset_weight=item.number("FinalCumulativeMetersetWeight") or 1.0,
        axes=points.axes,
        rotation=points.rotation,
        leaves=points.leaves,
        accessories=tuple(read_accessories(item)),
        wedge_positions=points.wedge_positions,
        tolerance_table_number=item.integer("ReferencedToleranceTableNumber"),
        patient_setup_number=item.integer("ReferencedPatientSetupNumber"),
    )


def _fluence_mode(beam: Item) -> str:
    for item in beam.items("PrimaryFluenceModeSequence"):
        return item.text("FluenceMode") or STANDARD_FLUENCE
    return STANDARD_FLUENCE


def _devices(beam: Item) -> dict[str, BeamLimitingDevice]:
    devices: dict[str, BeamLimitingDevice] = {}
    for item in beam.items("BeamLimitingDeviceSequence"):
        kind = item.text("RTBeamLimitingDeviceType")
        where = item.where("RTBeamLimitingDeviceType")
        if kind not in JAW_DEVICES and kind not in MLC_DEVICES:
            item.notes.error("device-type", where, f"{kind or 'empty'} is not a known device type")
            continue
        if kind in devices:
            item.notes.error("duplicate-device", where, f"{kind} stands twice")
        pairs = item.required_integer("NumberOfLeafJawPairs")
        if pairs is not None:
            devices[kind] = _device(item, kind, pairs)
    return devices


def _device(item: Item, kind: str, pairs: int) -> BeamLimitingDevice:
    distance = item.number("SourceToBeamLimitingDeviceDistance")
    if kind in JAW_DEVICES:
        if pairs != 1:
            path = item.where("NumberOfLeafJawPairs")
            item.notes.error("pair-count", path, f"jaws {kind} have 1 pair, not {pairs}")
        return BeamLimitingDevice(kind, 1, None, distance)
    boundaries = item.numbers("LeafPositionBoundaries")
    path = item.where("LeafPositionBoundaries")
    if boundaries is None:
        item.notes.error("leaf-boundaries", path, f"{kind} has no leaf boundaries")
    elif boundaries.size != pairs + 1:
        text = f"{boundaries.size} boundaries for {pairs} pairs, wanted {pairs + 1}"
        item.notes.error("leaf-boundaries", path, text)
    elif not (np.diff(boundaries) > 0).all():
        item.notes.error("leaf-boundaries", path, "leaf boundaries do not ascend")
    return BeamLimitingDevice(
        kind, pairs, None if boundaries is None else frozen(boundaries), distance
    )
