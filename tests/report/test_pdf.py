"""The report on paper says what the page says, and needs nothing from outside."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.adapters.report import ReportData, render_report
from gateway.adapters.report.pdf import report_pdf
from gateway.adapters.report.pdf.drawing import _corners
from gateway.adapters.report.pdf.fonts import printable
from gateway.adapters.report.pdf.styles import LOOKS
from gateway.adapters.report.summary import beam_title
from tests.peers import program
from tests.report import samples

PLACES = {"middle", "end", "start", "pixels"}
"""Classes that say where a thing stands, not how it looks."""


@pytest.fixture(scope="module", params=samples.SAMPLES.values(), ids=samples.SAMPLES.keys())
def printed(request: pytest.FixtureRequest) -> tuple[ReportData, str, bytes]:
    data = request.param()
    page = render_report(data)
    return data, page, report_pdf(page, "Delivery D1", "Delivery D1")


def _asked(pdf: bytes, folder: Path, command: str, *options: str) -> str:
    file = folder / "report.pdf"
    file.write_bytes(pdf)
    path = program(command, "poppler-utils")
    done = subprocess.run(
        [path, *options, file, *(["-"] if command == "pdftotext" else [])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.peer
def test_it_says_what_the_page_says(printed: tuple[ReportData, str, bytes], tmp_path: Path) -> None:
    data, page, pdf = printed
    words = " ".join(_asked(pdf, tmp_path, "pdftotext", "-raw").split())
    assert data.reconciliation.verdict.value.upper() in words
    headings = re.findall(r"<h[23]>([^<]+)", page)
    assert headings
    assert [heading for heading in headings if _plain(heading) not in words] == []
    assert [beam for beam in data.reconciliation.beams if beam_title(beam) not in words] == []
    assert "Not for clinical use" in words


def _plain(heading: str) -> str:
    return " ".join(heading.replace("&#x27;", "'").split())


@pytest.mark.peer
def test_every_font_is_in_the_file(printed: tuple[ReportData, str, bytes], tmp_path: Path) -> None:
    lines = _asked(printed[2], tmp_path, "pdffonts").splitlines()[2:]
    used = [line.split() for line in lines if "Vera" in line]
    assert used
    assert [row for row in used if row[-5] != "yes"] == []


def test_the_same_page_makes_the_same_bytes(printed: tuple[ReportData, str, bytes]) -> None:
    _, page, pdf = printed
    assert report_pdf(page, "Delivery D1", "Delivery D1") == pdf


def test_everything_that_is_drawn_has_a_look(printed: tuple[ReportData, str, bytes]) -> None:
    drawings = re.findall(r"<svg .*?</svg>", printed[1], re.DOTALL)
    classes = {
        name
        for drawing in drawings
        for element in ET.fromstring(drawing).iter()
        for name in element.attrib.get("class", "").split()
    }
    assert classes - PLACES - {"hatch-line"} <= set(LOOKS)


def test_paths_of_every_kind_of_step_are_followed() -> None:
    steps = list(_corners("M10 20h5v-3l1 1H2V7L0 0Zm1 1 2 2"))
    assert steps == [
        (False, 10.0, 20.0),
        (True, 15.0, 20.0),
        (True, 15.0, 17.0),
        (True, 16.0, 18.0),
        (True, 2.0, 18.0),
        (True, 2.0, 7.0),
        (True, 0.0, 0.0),
        (True, 10.0, 20.0),
        (False, 11.0, 21.0),
        (True, 13.0, 23.0),
    ]


def test_a_sign_that_the_fonts_lack_is_a_question_mark() -> None:
    assert printable("Größe −2 ±1° 頭") == "Größe −2 ±1° ?"


@pytest.mark.parametrize("sign", ["\x00", "\x0c", "\x1b", "\ufffe", "\ud800"])
def test_a_name_with_a_sign_that_no_document_holds_is_printed(sign: str) -> None:
    data = replace(next(iter(samples.SAMPLES.values()))(), plan_label=f"a{sign}b")
    page = render_report(data)
    assert "a\ufffdb" in page
    assert report_pdf(page, "Delivery D1", "Delivery D1").startswith(b"%PDF")


def test_a_word_without_end_is_cut_and_the_rest_is_printed() -> None:
    data = replace(samples.refused_beam(), plan_label="x" * 4000)
    assert report_pdf(render_report(data), "Delivery D1", "Delivery D1").startswith(b"%PDF")
