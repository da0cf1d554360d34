"""Mutated objects: findings come of them, nothing else, and no broken plan can be delivered."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from gateway.app.node.judging_process import judge
from gateway.dicom.iod.validation import validate
from gateway.dicom.plan_file import read_plan_bytes
from gateway.domain.errors import InputError
from gateway.domain.findings import Finding, has_errors
from gateway.settings import Settings
from tests.dicom_read.builders import changed, plan_bytes
from tests.hostile.faults import FAULTS
from tests.hostile.independent import stated
from tests.iod.objects import OBJECTS

ROOM = "truebeam-m120"
HANG_S = 10
PLANS = ("open-field", "step-and-shoot", "vmat")
VRS = tuple(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OW PN SH SL SQ SS ST TM UI UL UN US UT".split()
)
LIES = (0, 1, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
Mutate = Callable[[random.Random, bytearray], None]


def flip(draw: random.Random, raw: bytearray) -> None:
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)


def overwrite(draw: random.Random, raw: bytearray) -> None:
    at = draw.randrange(len(raw))
    raw[at : at + draw.randint(1, 8)] = draw.randbytes(draw.randint(1, 8))


def truncate(draw: random.Random, raw: bytearray) -> None:
    del raw[draw.randrange(1, len(raw)) :]


def splice(draw: random.Random, raw: bytearray) -> None:
    """A piece of the object, or of another, in some other place."""
    source = raw if draw.random() < 0.5 else OBJECTS[draw.choice(list(OBJECTS))]()
    begin = draw.randrange(len(source))
    piece = bytes(source[begin : begin + draw.randint(1, 400)])
    at = draw.randrange(len(raw))
    raw[at : at + draw.choice((0, len(piece)))] = piece


def cut(draw: random.Random, raw: bytearray) -> None:
    at = draw.randrange(len(raw))
    del raw[at : at + draw.randint(1, 40)]


def lie(draw: random.Random, raw: bytearray) -> None:
    """Another length for some element."""
    at, size = draw.randrange(132, max(len(raw), 133)), draw.choice((2, 4))
    lies = draw.choice(LIES) & (256**size - 1)
    raw[at : at + size] = lies.to_bytes(size, "little")


def swap(draw: random.Random, raw: bytearray) -> None:
    """Another value representation for some element."""
    vr = draw.choice(VRS)
    at = raw.find(vr, draw.randrange(len(raw)))
    if at >= 0:
        raw[at : at + 2] = draw.choice(VRS)


def nest(draw: random.Random, raw: bytearray) -> None:
    at = draw.randrange(132, max(len(raw), 133))
    level = b"\x0a\x30\xb0\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    raw[at:at] = level * draw.choice((1, 31, 33, 500))


MUTATIONS: tuple[Mutate, ...] = (flip, overwrite, truncate, splice, cut, lie, swap, nest)


def mutated(draw: random.Random, content: bytes) -> bytes:
    raw = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        if len(raw) > 1:
            draw.choice(MUTATIONS)(draw, raw)
    return bytes(raw)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """TimeoutError where the block takes longer: a hang, not a slow computer."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def judged(tmp_path: Path) -> Callable[[bytes], tuple[Finding, ...]]:
    """What the node finds in a plan that is to be delivered."""
    settings, path = Settings(store=tmp_path / "store"), tmp_path / "plan.dcm"

    def look(content: bytes) -> tuple[Finding, ...]:
        path.write_bytes(content)
        return judge(content, path, ROOM, ROOM, settings)

    return look


@pytest.mark.parametrize("count", [400, pytest.param(72_000, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_objects_of_every_kind(count: int) -> None:
    draw, kinds = random.Random(count), list(OBJECTS)
    for number in range(count):
        content = mutated(draw, OBJECTS[kinds[number % len(kinds)]]())
        with within(HANG_S):
            validate(content)
            try:
                file = read_plan_bytes(content, "plan.dcm")
                for group in file.fraction_group_numbers:
                    file.resolve(group)
            except InputError:
                continue


@pytest.mark.parametrize("count", [60, pytest.param(20_000, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_a_plan_that_could_still_be_delivered_is_one(
    judged: Callable[[bytes], tuple[Finding, ...]], count: int
) -> None:
    """What passes says, to another reader, what is delivered, and breaks none of its rules."""
    draw, passed = random.Random(count + 1), 0
    for number in range(count):
        content = mutated(draw, plan_bytes(PLANS[number % len(PLANS)]))
        with within(HANG_S):
            if has_errors(judged(content)):
                continue
        passed += 1
        file = read_plan_bytes(content, "plan.dcm")
        theirs = stated(dcmread(DicomBytesIO(content), force=True))
        for group in file.fraction_group_numbers:
            ours, _ = file.resolve(group)
            assert ours is not None
            for beam_number, beam in ours.beams.items():
                assert theirs[beam_number].agrees_with(beam), f"{number}: beam {beam_number}"
    assert passed


@pytest.mark.parametrize("rounds", [1, pytest.param(400, marks=pytest.mark.soak)])
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_no_broken_plan_can_be_delivered(
    judged: Callable[[bytes], tuple[Finding, ...]], rounds: int
) -> None:
    """Plans with one fault that makes them undeliverable, by construction: refused, every one."""
    draw, missed = random.Random(rounds + 2), []
    for _ in range(rounds):
        for name, fault in FAULTS.items():
            kind = draw.choice(PLANS)
            broken = fault(draw, plan_bytes(kind))
            with within(HANG_S):
                if not has_errors(judged(broken)):
                    missed.append(f"{kind}: {name}")
    assert missed == []


def test_without_a_fault_they_can(judged: Callable[[bytes], tuple[Finding, ...]]) -> None:
    for kind in PLANS:
        assert not has_errors(judged(changed(lambda _: None, kind))), kind
