"""The geometry of the room by IEC 61217: systems, patient, projection, pixels."""

from gateway.domain.geometry.patient import PATIENT_TO_TABLE, patient_in_table_top
from gateway.domain.geometry.projection import (
    PixelGrid,
    project_to_isocentre,
    project_to_plane,
    project_to_receptor,
)
from gateway.domain.geometry.rigid import Rigid, rotation_x, rotation_y, rotation_z
from gateway.domain.geometry.systems import (
    TablePose,
    eccentric_in_support,
    gantry_in_fixed,
    limiting_device_in_gantry,
    receptor_in_gantry,
    source_in_fixed,
    support_in_fixed,
    table_top_in_eccentric,
)

__all__ = [
    "PATIENT_TO_TABLE",
    "PixelGrid",
    "Rigid",
    "TablePose",
    "eccentric_in_support",
    "gantry_in_fixed",
    "limiting_device_in_gantry",
    "patient_in_table_top",
    "project_to_isocentre",
    "project_to_plane",
    "project_to_receptor",
    "receptor_in_gantry",
    "rotation_x",
    "rotation_y",
    "rotation_z",
    "source_in_fixed",
    "support_in_fixed",
    "table_top_in_eccentric",
]
