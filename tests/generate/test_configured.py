"""Every configured room accepts every plan that is generated for its machine."""

from pathlib import Path

import pytest

from gateway.configuration.rooms import load_room, room_names
from gateway.domain.findings import has_errors
from gateway.planning.check import check
from gateway.planning.compile import compile_beam
from gateway.planning.generate import KINDS, generate

CONFIG = (Path(__file__).parents[2] / "config",)


CASES = [
    (name, kind)
    for name in room_names(CONFIG)
    for kind in KINDS
    if (name, kind) != ("halcyon", "electron")
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_generated_plans_are_accepted_and_compiled(name: str, kind: str) -> None:
    room = load_room(name, CONFIG)
    plan = generate(kind, room.machine, seed=8)
    findings = check(plan, room)
    assert not has_errors(findings), [str(finding) for finding in findings]
    for beam in plan.beams.values():
        program = compile_beam(beam, room)
        # metersets of the program are the plan's weights times its meterset, nothing else
        assert program.end_meterset_mu == pytest.approx(beam.meterset_mu, abs=1e-9)
        assert 0.0 < program.profile.duration_s < 300.0
