"""Compressed frames are decoded where it harms nobody, and told of when they are not as said."""

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmwrite

from gateway.adapters.sandbox import Sandbox
from gateway.app.node.judging import OUT_OF_BOUNDS, judged, judging_sandbox
from gateway.dicom.compressed_frames import frame_findings
from gateway.domain.node import Limits

pytest.importorskip("gdcm", reason="python-gdcm is not installed (extra codecs)")
from tests.guard.compressed import COLUMNS, SYNTAXES, altered, compressed, image

ROWS, FRAMES = 64, 3
LIMITS = Limits(pixels=ROWS * COLUMNS)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    store = str(tmp_path_factory.mktemp("store"))
    with closing(judging_sandbox(store, "", LIMITS)) as made:
        yield made


def rules(judging: Sandbox, content: bytes, folder: Path) -> set[str]:
    """The rules of this kind that a file breaks."""
    path = folder / "judged.dcm"
    path.write_bytes(content)
    found = {finding.rule for finding in judged(judging, path, "")}
    return found & {"frames", "frames-not-decoded", OUT_OF_BOUNDS}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_frames_that_are_what_they_say(judging: Sandbox, syntax: str, tmp_path: Path) -> None:
    content = compressed(image(ROWS, FRAMES), syntax, tmp_path)
    assert rules(judging, content, tmp_path) == set()


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize(
    "attributes",
    [{"Rows": ROWS // 2}, {"NumberOfFrames": FRAMES + 1}, {"NumberOfFrames": FRAMES - 1}],
    ids=["fewer rows", "more frames", "fewer frames"],
)
def test_frames_of_another_size_or_number(
    judging: Sandbox, syntax: str, attributes: dict[str, int], tmp_path: Path
) -> None:
    """A decoder may crash on them: then the process that decodes is another one."""
    content = altered(compressed(image(ROWS, FRAMES), syntax, tmp_path), **attributes)
    assert rules(judging, content, tmp_path) in ({"frames"}, {OUT_OF_BOUNDS})


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_damaged_frames_harm_nobody(judging: Sandbox, syntax: str, tmp_path: Path) -> None:
    whole = compressed(image(ROWS, FRAMES), syntax, tmp_path)
    for part in range(1, 10):
        at = len(whole) * part // 10
        damaged = whole[:at] + b"\xff\xd8\xff" * 20 + whole[at + 60 :]
        assert rules(judging, damaged, tmp_path) <= {"frames", OUT_OF_BOUNDS}
    assert rules(judging, whole, tmp_path) == set()


def test_a_frame_that_says_it_is_huge_is_not_decoded() -> None:
    dataset = image(ROWS, 1)
    dataset.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    dataset.Rows = dataset.Columns = 16384
    written = BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    (finding,) = frame_findings(written.getvalue(), Limits().pixels)
    assert finding.rule == OUT_OF_BOUNDS


def test_what_is_not_compressed_is_not_decoded() -> None:
    dataset = image(ROWS, 1)
    dataset.Rows = 5
    written = BytesIO()
    dcmwrite(written, dataset, enforce_file_format=True)
    assert frame_findings(written.getvalue(), 1) == ()
    assert frame_findings(b"", 1) == ()
