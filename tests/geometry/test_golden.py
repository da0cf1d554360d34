"""Eight points followed from the DICOM patient system to a pixel."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.domain.geometry import (
    PixelGrid,
    TablePose,
    gantry_in_fixed,
    limiting_device_in_gantry,
    patient_in_table_top,
    project_to_isocentre,
    project_to_receptor,
    receptor_in_gantry,
    source_in_fixed,
)
from tests.realdata import real_data

GOLDEN = Path(__file__).with_name("iec61217_vectors.json")
VECTORS = json.loads(GOLDEN.read_text(encoding="utf-8"))["vectors"]
TOLERANCE_MM = 1e-6
"""Asked of the project; the vectors are rounded to 1e-9 mm, double precision gives about 1e-13."""


def followed(vector: dict[str, Any]) -> dict[str, Any]:
    """What the module makes of the vector's point, under the vector's own names."""
    kin, sad = vector["kin"], vector["sad"]
    table = TablePose(
        couch_deg=kin["couch"],
        pitch_deg=kin["pitch"],
        roll_deg=kin["roll"],
        displacement_mm=(kin["table_lat"], kin["table_lng"], kin["table_vrt"]),
        eccentric_deg=kin["ecc_angle"],
        eccentric_mm=kin["ecc_dist"],
    )
    patient = patient_in_table_top(vector["patient_position"], np.array(vector["isocenter_dicom"]))
    fixed = (table.top_in_fixed @ patient)(np.array(vector["point_dicom"]))
    gantry = gantry_in_fixed(kin["gantry"]).inverse(fixed)
    device = limiting_device_in_gantry(kin["coll"], sad).inverse(gantry)
    shift_x, shift_y = vector["receptor_translation"]
    receptor = receptor_in_gantry(vector["receptor_angle"], (shift_x, shift_y), vector["sid"], sad)
    panel = project_to_receptor(gantry, receptor, sad)
    grid = PixelGrid(vector["panel_rows"], vector["panel_cols"], vector["panel_pitch"])
    return {
        "fixed": fixed,
        "gantry": gantry,
        "bld_at_iso": project_to_isocentre(device, sad),
        "panel_mm": panel,
        "source_fixed": source_in_fixed(kin["gantry"], sad),
        "pixel_col_row": grid.pixels(panel),
        "rt_image_position": grid.first_pixel_mm,
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_step_of_the_way_agrees(vector: dict[str, Any]) -> None:
    ours = followed(vector)
    expected = vector["expect"] | {"rt_image_position": vector["rt_image_position"]}
    assert set(ours) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, rtol=0, atol=TOLERANCE_MM, err_msg=name)


def test_the_copy_is_the_original() -> None:
    original = real_data("golden/iec61217_vectors.json")
    assert json.loads(original.read_text(encoding="utf-8"))["vectors"] == VECTORS
