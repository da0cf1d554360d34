"""Real plans find their room, pass and compile."""

import pytest

from gateway.dicom.plan_file import read_plan
from gateway.domain.findings import has_errors
from gateway.planning.check import check
from gateway.planning.compile import compile_beam
from gateway.planning.rooms import match_room
from tests.planning.builders import rooms
from tests.planning.inspect_program import assert_sound
from tests.realdata import real_data

PLANS = {
    "elekta_monaco_10static_fields": ("agility", 10),
    "elekta_monaco_dmlc_2fractiongroups": ("agility", 6),
    "elekta_monaco_rectangle_static": ("agility", 1),
    "elekta_monaco_vmat_2partial_arcs": ("agility", 2),
    "pydicom_minimal_static": ("generic", 1),
    "sliding_window_4beam_10MV_6MV": ("truebeam-m120", 4),
    "varian_clinac_3dcrt_prostate_phantom": ("truebeam-m120", 4),
}


@pytest.mark.parametrize("name", PLANS)
def test_every_fraction_group_can_be_delivered(name):
    file = read_plan(real_data(f"rtplan/{name}.dcm"))
    expected_room, beams = PLANS[name]
    compiled = 0
    for group in file.fraction_group_numbers:
        plan, reading = file.resolve(group)
        assert plan is not None
        room, matching = match_room(plan, rooms())
        assert room.name == expected_room
        assert not has_errors((*reading, *matching, *check(plan, room)))
        for beam in plan.beams.values():
            program = compile_beam(beam, room)
            assert_sound(program, room)
            assert program.end_meterset_mu == beam.meterset_mu
            compiled += 1
    assert compiled == beams
