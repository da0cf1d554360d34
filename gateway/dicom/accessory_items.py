"""Wedges, blocks, applicators, bolus and other accessories as items of plans and records."""

from collections.abc import Iterator, Mapping

from pydicom import Dataset

from gateway.dicom.elements import clipped, ds, ds_list, term
from gateway.domain.errors import InputError
from gateway.domain.plan import Accessory, Beam


def of_kind(beam: Beam, kind: str) -> tuple[Accessory, ...]:
    """The beam's accessories of one kind, in the plan's order."""
    return tuple(item for item in beam.accessories if item.kind == kind)


def add_counts(item: Dataset, beam: Beam) -> None:
    """How many wedges, compensators, boli and blocks there are."""
    item.NumberOfWedges = len(of_kind(beam, "wedge"))
    item.NumberOfCompensators = len(of_kind(beam, "compensator"))
    item.NumberOfBoli = len(of_kind(beam, "bolus"))
    item.NumberOfBlocks = len(of_kind(beam, "block"))


def add_planned_accessories(item: Dataset, beam: Beam) -> None:
    """The accessories of an item of Beam Sequence.

    Raises InputError for a compensator: its transmission map is not part of a TreatmentPlan.
    """
    if of_kind(beam, "compensator"):
        raise InputError(
            f"beam {beam.number} has a compensator; a plan with compensators cannot be written"
        )
    add_counts(item, beam)
    _add(item, "WedgeSequence", (_planned_wedge(wedge) for wedge in of_kind(beam, "wedge")))
    _add(item, "BlockSequence", _planned_blocks(beam))
    _add(item, "ReferencedBolusSequence", (_planned_bolus(a) for a in of_kind(beam, "bolus")))
    _add_common(item, beam)


def add_recorded_accessories(item: Dataset, beam: Beam) -> None:
    """The accessories of an item of Treatment Session Beam Sequence."""
    add_counts(item, beam)
    _add(item, "RecordedWedgeSequence", (_recorded_wedge(a) for a in of_kind(beam, "wedge")))
    _add(item, "RecordedBlockSequence", (_recorded_block(a) for a in of_kind(beam, "block")))
    compensators = (_recorded_compensator(a) for a in of_kind(beam, "compensator"))
    _add(item, "RecordedCompensatorSequence", compensators)
    _add(item, "ReferencedBolusSequence", (_bolus(a) for a in of_kind(beam, "bolus")))
    _add_common(item, beam)


def add_block_sequence(item: Dataset, beam: Beam) -> None:
    """Number of Blocks and Block Sequence of an exposure of an image."""
    item.NumberOfBlocks = len(of_kind(beam, "block"))
    _add(item, "BlockSequence", _blocks(beam))


def add_wedge_positions(item: Dataset, positions: Mapping[int, str]) -> None:
    """Wedge Position Sequence of a control point; nothing where there is no wedge."""
    _add(item, "WedgePositionSequence", (_wedge_position(n, p) for n, p in positions.items()))


def _add_common(item: Dataset, beam: Beam) -> None:
    _add(item, "ApplicatorSequence", (_applicator(a) for a in of_kind(beam, "applicator")))
    general = enumerate(of_kind(beam, "general"), start=1)
    _add(item, "GeneralAccessorySequence", (_general(a, index) for index, a in general))


def _add(item: Dataset, keyword: str, items: Iterator[Dataset]) -> None:
    found = list(items)
    if found:
        setattr(item, keyword, found)


def _planned_blocks(beam: Beam) -> Iterator[Dataset]:
    for item in _blocks(beam):
        item.BlockTransmission = ""
        yield item


def _blocks(beam: Beam) -> Iterator[Dataset]:
    for index, block in enumerate(of_kind(beam, "block"), start=1):
        item = Dataset()
        item.BlockNumber = block.number if block.number is not None else index
        item.BlockTrayID = clipped(block.id, 16)
        item.BlockName = clipped(block.description, 64)
        item.BlockType = term(block.type)
        item.BlockDivergence = ""
        item.MaterialID = ""
        item.SourceToBlockTrayDistance = _ds_or_empty(block.tray_distance_mm)
        item.BlockThickness = ""
        item.BlockNumberOfPoints = len(block.outline_mm)
        item.BlockData = ds_list(value for point in block.outline_mm for value in point)
        _add_code(item, block)
        yield item


def _planned_wedge(wedge: Accessory) -> Dataset:
    item = _recorded_wedge(wedge)
    item.WedgeFactor = ""
    if wedge.tray_distance_mm is not None:
        item.SourceToWedgeTrayDistance = ds(wedge.tray_distance_mm)
    return item


def _recorded_wedge(wedge: Accessory) -> Dataset:
    item = Dataset()
    item.WedgeNumber = wedge.number
    item.WedgeType = term(wedge.type)
    item.WedgeID = clipped(wedge.id, 16)
    item.WedgeAngle = None if wedge.angle_deg is None else round(wedge.angle_deg)
    item.WedgeOrientation = _ds_or_empty(wedge.orientation_deg)
    _add_code(item, wedge)
    return item


def _recorded_block(block: Accessory) -> Dataset:
    item = Dataset()
    if block.number is not None:
        item.ReferencedBlockNumber = block.number
    item.BlockName = clipped(block.description, 64)
    item.BlockTrayID = clipped(block.id, 16)
    _add_code(item, block)
    return item


def _recorded_compensator(compensator: Accessory) -> Dataset:
    item = Dataset()
    item.ReferencedCompensatorNumber = compensator.number if compensator.number is not None else 1
    item.CompensatorType = term(compensator.type)
    item.CompensatorID = clipped(compensator.id, 16)
    _add_code(item, compensator)
    return item


def _planned_bolus(bolus: Accessory) -> Dataset:
    item = _bolus(bolus)
    item.BolusDescription = clipped(bolus.description, 64)
    return item


def _bolus(bolus: Accessory) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = bolus.number if bolus.number is not None else 0
    item.BolusID = clipped(bolus.id, 16)
    _add_code(item, bolus)
    return item


def _applicator(applicator: Accessory) -> Dataset:
    item = Dataset()
    item.ApplicatorID = clipped(applicator.id, 16)
    item.ApplicatorType = term(applicator.type)
    item.ApplicatorDescription = clipped(applicator.description, 64)
    _add_code(item, applicator)
    return item


def _general(accessory: Accessory, index: int) -> Dataset:
    item = Dataset()
    item.GeneralAccessoryNumber = accessory.number if accessory.number is not None else index
    item.GeneralAccessoryID = clipped(accessory.id, 16)
    if accessory.type:
        item.GeneralAccessoryType = term(accessory.type)
    item.GeneralAccessoryDescription = clipped(accessory.description, 64)
    _add_code(item, accessory)
    return item


def _wedge_position(number: int, position: str) -> Dataset:
    item = Dataset()
    item.ReferencedWedgeNumber = number
    item.WedgePosition = term(position)
    return item


def _add_code(item: Dataset, accessory: Accessory) -> None:
    if accessory.accessory_code:
        item.AccessoryCode = clipped(accessory.accessory_code, 64)


def _ds_or_empty(value: float | None) -> str:
    return "" if value is None else ds(value)
