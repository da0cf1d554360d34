"""The treatment plan as the gateway understands it: every control point fully resolved."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.axes import Axis
from gateway.domain.units import FloatArray


@dataclass(frozen=True, slots=True)
class BeamLimitingDevice:
    """An item of Beam Limiting Device Sequence (300A,00B6).

    ``boundaries_mm`` has ``pairs + 1`` ascending values at the isocentre plane for an MLC and is
    None for jaws.
    """

    type: str
    pairs: int
    boundaries_mm: FloatArray | None = None
    source_distance_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Accessory:
    """A wedge, block, applicator, bolus or compensator, carried and recorded.

    ``kind`` is one of ``wedge``, ``block``, ``applicator``, ``bolus``, ``compensator``,
    ``general``. ``type`` is the DICOM type term (Wedge Type, Block Type, Applicator Type, ...).
    """

    kind: str
    number: int | None
    id: str
    type: str
    description: str = ""
    angle_deg: float | None = None
    orientation_deg: float | None = None
    tray_distance_mm: float | None = None
    outline_mm: tuple[tuple[float, float], ...] = ()
    accessory_code: str = ""


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam with its control points as columns of equal length ``n``.

    ``meterset_weight`` runs from 0 to 1 (divided by Final Cumulative Meterset Weight, which is
    kept as ``final_meterset_weight`` for objects that count in the plan's own weights).
    ``axes`` holds each axis the plan states, absolute, angles as stated (0 to 360);
    ``rotation`` holds the direction (``CW``, ``CC``, ``NONE``) in which an angle moves from each
    control point to the next. Couch translations the plan leaves empty are absent.
    ``leaves`` holds ``(n, 2 * pairs)`` positions per MLC in DICOM order.
    ``dose_rate_mu_per_min`` is None where the plan states none or zero.
    ``meterset_mu`` is Beam Meterset of the chosen fraction group.
    ``sequence_index`` is the place in Beam Sequence, for the paths of findings.
    """

    number: int
    name: str
    description: str
    sequence_index: int
    beam_type: str
    radiation_type: str
    delivery_type: str
    machine_name: str
    primary_dosimeter_unit: str
    sad_mm: float
    meterset_mu: float
    nominal_energy: float
    fluence_mode: str
    dose_rate_mu_per_min: float | None
    isocenter_mm: tuple[float, float, float] | None
    patient_position: str | None
    devices: Mapping[str, BeamLimitingDevice]
    meterset_weight: FloatArray
    axes: Mapping[Axis, FloatArray]
    rotation: Mapping[Axis, tuple[str, ...]]
    leaves: Mapping[str, FloatArray]
    accessories: tuple[Accessory, ...] = ()
    wedge_positions: tuple[Mapping[int, str], ...] = ()
    tolerance_table_number: int | None = None
    patient_setup_number: int | None = None
    final_meterset_weight: float = 1.0

    @property
    def control_point_count(self) -> int:
        """Number of Control Points (300A,0110)."""
        return int(self.meterset_weight.size)

    @property
    def path(self) -> str:
        """Where the beam stands in the plan."""
        return f"BeamSequence[{self.sequence_index}]"


@dataclass(frozen=True, slots=True)
class ToleranceTable:
    """An item of Tolerance Table Sequence; None where the plan states no value."""

    number: int
    label: str
    axis_tolerance: Mapping[Axis, float]
    device_tolerance_mm: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PatientSetup:
    """An item of Patient Setup Sequence."""

    number: int
    position: str
    technique: str
    fixation_devices: tuple[str, ...] = ()
    shielding_devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prescription:
    """An item of Dose Reference Sequence."""

    number: int
    type: str
    description: str
    target_dose_gy: float | None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """An item of Fraction Group Sequence; ``metersets_mu`` by referenced beam number."""

    number: int
    fractions_planned: int | None
    metersets_mu: Mapping[int, float]
    beam_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Patient:
    """Patient and study identity, kept for the objects that refer back to them only.

    ``attributes`` maps DICOM keywords of the Patient and General Study modules to their text.
    """

    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """One fraction group of one RT Plan, ready to be checked.

    ``beams`` are the treatment beams of the fraction group in the order of its references, keyed
    by beam number; beams that are not delivered (setup, no meterset) are absent and named by
    findings of the reader. ``sha256`` pins the bytes that were read. ``series_instance_uid`` is
    empty for a plan that has not been written yet.
    """

    sop_instance_uid: str
    study_instance_uid: str
    frame_of_reference_uid: str
    label: str
    name: str
    date: str
    approval_status: str
    sha256: str
    patient: Patient
    fraction_group: FractionGroup
    beams: Mapping[int, Beam]
    tolerance_tables: Mapping[int, ToleranceTable]
    patient_setups: Mapping[int, PatientSetup]
    prescriptions: tuple[Prescription, ...]
    series_instance_uid: str = ""
