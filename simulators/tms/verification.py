"""Whether beam parameters that are to be delivered are those of the plan (PS3.4 annex DD)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword

from simulators.tms.data import has, item, items, text


class Verdict(StrEnum):
    """Treatment Verification Status (3008,002C)."""

    VERIFIED = "VERIFIED"
    OVERRIDDEN = "VERIFIED_OVR"
    NOT_VERIFIED = "NOT_VERIFIED"


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What may differ: angles in degrees, positions in mm, meterset in MU, energy in MV or MeV."""

    angle_deg: float = 0.5
    position_mm: float = 1.0
    meterset_mu: float = 0.05
    energy: float = 0.01


@dataclass(frozen=True, slots=True)
class Difference:
    """A parameter that is not the plan's."""

    keyword: str
    planned: str
    given: str


_ANGLES = ("GantryAngle", "BeamLimitingDeviceAngle", "PatientSupportAngle")
_ANGLES_ABOVE = ("TableTopEccentricAngle", "TableTopPitchAngle", "TableTopRollAngle")


def differences(
    group: Dataset, beam: Dataset, request: Dataset, tolerances: Tolerances
) -> Iterator[Difference]:
    """What of a request (its N-SET attributes) differs from a beam of a plan's fraction group.

    Only what the request gives is compared. The control point is the beam's first.
    """
    planned = items(beam, "ControlPointSequence")[0]
    general = items(request, "GeneralMachineVerificationSequence")[0]
    conventional = items(request, "ConventionalMachineVerificationSequence")[0]
    given = items(conventional, "ConventionalControlPointVerificationSequence")[0]
    meterset = _meterset(group, int(beam.BeamNumber))
    if has(general, "SpecifiedPrimaryMeterset") and meterset is not None:
        specified = float(general.SpecifiedPrimaryMeterset)
        if abs(specified - meterset) > tolerances.meterset_mu:
            yield Difference("SpecifiedPrimaryMeterset", f"{meterset:g}", f"{specified:g}")
    for keyword in ("RadiationType", "TreatmentMachineName"):
        named = text(general, keyword) or text(conventional, keyword)
        if named and named != text(beam, keyword):
            yield Difference(keyword, text(beam, keyword), named)
    for keyword in (*_ANGLES, *_ANGLES_ABOVE):
        yield from _number(keyword, planned, given, tolerances.angle_deg, turn=360.0)
    yield from _number("NominalBeamEnergy", planned, given, tolerances.energy)
    yield from _devices(planned, general, given, tolerances.position_mm)


def failed_attributes(found: list[Difference]) -> list[Dataset]:
    """Items of Failed or Overridden Attributes Sequence (Selector Attribute Macro)."""
    return [
        item(SelectorAttribute=tag_for_keyword(each.keyword), SelectorValueNumber=0)
        for each in found
    ]


def fraction_group(plan: Dataset, number: str) -> Dataset | None:
    """A fraction group by number, or the only one where none is named."""
    groups = items(plan, "FractionGroupSequence")
    if not number:
        return groups[0] if len(groups) == 1 else None
    return next((each for each in groups if text(each, "FractionGroupNumber") == number), None)


def _meterset(group: Dataset, beam_number: int) -> float | None:
    for beam in items(group, "ReferencedBeamSequence"):
        if int(beam.ReferencedBeamNumber) == beam_number and has(beam, "BeamMeterset"):
            return float(beam.BeamMeterset)
    return None


def _number(
    keyword: str, planned: Dataset, given: Dataset, tolerance: float, turn: float = 0.0
) -> Iterator[Difference]:
    if not (has(planned, keyword) and has(given, keyword)):
        return
    wanted, asked = float(planned[keyword].value), float(given[keyword].value)
    apart = abs(wanted - asked)
    if turn:
        apart = min(apart % turn, -apart % turn)
    if apart > tolerance:
        yield Difference(keyword, f"{wanted:g}", f"{asked:g}")


def _devices(
    planned: Dataset, general: Dataset, given: Dataset, tolerance_mm: float
) -> Iterator[Difference]:
    """Jaws and leaves, by device type; those the plan does not position are not compared."""
    wanted = dict(_positions(planned, "BeamLimitingDevicePositionSequence"))
    asked = dict(_positions(given, "BeamLimitingDevicePositionSequence"))
    asked |= dict(_positions(general, "BeamLimitingDevicePositionSequence"))
    for device, positions in asked.items():
        if device not in wanted:
            continue
        plan_positions = wanted[device]
        apart = [abs(a - b) for a, b in zip(positions, plan_positions, strict=False)]
        if len(positions) != len(plan_positions):
            counts = f"{len(plan_positions)} positions", f"{len(positions)} positions"
            yield Difference("LeafJawPositions", *counts)
        elif apart and max(apart) > tolerance_mm:
            yield Difference("LeafJawPositions", device, f"{max(apart):g} mm away")


def _positions(dataset: Dataset, keyword: str) -> Iterator[tuple[str, list[float]]]:
    for device in items(dataset, keyword):
        element = device["LeafJawPositions"]
        values = element.value if element.VM > 1 else [element.value]
        yield text(device, "RTBeamLimitingDeviceType"), [float(each) for each in values]
