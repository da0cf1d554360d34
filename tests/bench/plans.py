"""The plans that are measured, and what they are delivered with."""

from pathlib import Path

from pydicom import dcmread

from gateway.app.generate import write_generated_plan
from gateway.settings import Settings
from tests.realdata import ROOT

MACHINE = "truebeam-m120"


def bench_settings(folder: Path) -> Settings:
    """Settings with a store of their own."""
    return Settings(store=folder / "store", operator="bench")


def generated_plan(folder: Path, kind: str) -> Path:
    """A generated plan for the machine measured, the same every time."""
    path = folder / f"{kind}.dcm"
    if not path.exists():
        write_generated_plan(kind, MACHINE, 1, path, bench_settings(folder))
    return path


def real_plans() -> tuple[Path, ...]:
    """The real plans, where they are."""
    return tuple(sorted((ROOT / "rtplan").glob("*.dcm")))


def one_arc(folder: Path) -> Path:
    """A plan of some 135 KB: the first of two generated arcs."""
    dataset = dcmread(generated_plan(folder, "vmat"))
    dataset.BeamSequence = dataset.BeamSequence[:1]
    (group,) = dataset.FractionGroupSequence
    group.ReferencedBeamSequence = group.ReferencedBeamSequence[:1]
    group.NumberOfBeams = 1
    path = folder / "one-arc.dcm"
    dataset.save_as(path)
    return path
