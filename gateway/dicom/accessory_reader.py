"""Wedges, blocks, applicators, bolus, compensators and other accessories of a beam."""

from collections.abc import Iterator

from gateway.dicom.item import Item
from gateway.domain.plan import Accessory

DELIVERABLE_WEDGES = ("STANDARD", "MOTORIZED")


def read_accessories(beam: Item) -> Iterator[Accessory]:
    """Every accessory of the beam; dynamic wedges are noted as errors."""
    yield from _wedges(beam)
    yield from _blocks(beam)
    yield from _applicators(beam)
    for bolus in beam.items("ReferencedBolusSequence"):
        number = bolus.integer("ReferencedROINumber")
        yield Accessory(
            "bolus",
            number,
            bolus.text("BolusID"),
            "",
            bolus.text("BolusDescription"),
            accessory_code=bolus.text("AccessoryCode"),
        )
    for item in beam.items("CompensatorSequence"):
        yield Accessory(
            "compensator",
            item.integer("CompensatorNumber"),
            item.text("CompensatorID"),
            item.text("CompensatorType"),
            item.text("CompensatorDescription"),
            tray_distance_mm=item.number("SourceToCompensatorTrayDistance"),
            accessory_code=item.text("AccessoryCode"),
        )
    for item in beam.items("GeneralAccessorySequence"):
        yield Accessory(
            "general",
            item.integer("GeneralAccessoryNumber"),
            item.text("GeneralAccessoryID"),
            item.text("GeneralAccessoryType"),
            item.text("GeneralAccessoryDescription"),
            accessory_code=item.text("AccessoryCode"),
        )


def _wedges(beam: Item) -> Iterator[Accessory]:
    for item in beam.items("WedgeSequence"):
        kind = item.text("WedgeType")
        if kind not in DELIVERABLE_WEDGES:
            text = f"a wedge of type {kind or 'empty'} cannot be delivered"
            item.notes.error("dynamic-wedge", item.where("WedgeType"), text)
        angle = item.number("WedgeAngle")
        yield Accessory(
            "wedge",
            item.integer("WedgeNumber"),
            item.text("WedgeID"),
            kind,
            angle_deg=angle,
            orientation_deg=item.number("WedgeOrientation"),
            tray_distance_mm=item.number("SourceToWedgeTrayDistance"),
            accessory_code=item.text("AccessoryCode"),
        )


def _blocks(beam: Item) -> Iterator[Accessory]:
    for item in beam.items("BlockSequence"):
        numbers = item.numbers("BlockData")
        if numbers is not None and numbers.size % 2:
            text = f"{numbers.size} coordinates are not pairs"
            item.notes.error("multiplicity", item.where("BlockData"), text)
            numbers = None
        points = () if numbers is None else numbers.reshape(-1, 2).tolist()
        yield Accessory(
            "block",
            item.integer("BlockNumber"),
            item.text("BlockTrayID"),
            item.text("BlockType"),
            item.text("BlockName"),
            tray_distance_mm=item.number("SourceToBlockTrayDistance"),
            outline_mm=tuple((x, y) for x, y in points),
            accessory_code=item.text("AccessoryCode"),
        )


def _applicators(beam: Item) -> Iterator[Accessory]:
    for item in beam.items("ApplicatorSequence"):
        yield Accessory(
            "applicator",
            None,
            item.text("ApplicatorID"),
            item.text("ApplicatorType"),
            item.text("ApplicatorDescription"),
            accessory_code=item.text("AccessoryCode"),
        )
