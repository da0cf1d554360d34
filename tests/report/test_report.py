"""The report says what happened, first and plainly, and needs nothing from outside."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gateway.adapters.report import BeamNotBegun, ReportData, render_report
from gateway.domain.findings import error
from tests.report import samples

VOID = {"meta", "line", "rect", "path", "polyline", "polygon", "circle", "image", "img", "stop"}


class Page(HTMLParser):
    """Checks nesting while it collects tags, text and what is referred to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())


@pytest.fixture(scope="module", params=samples.SAMPLES.values(), ids=samples.SAMPLES.keys())
def rendered(request: pytest.FixtureRequest) -> tuple[ReportData, str]:
    make: Callable[[], ReportData] = request.param
    data = make()
    return data, render_report(data)


def test_it_is_one_file(rendered: tuple[ReportData, str]) -> None:
    """No script and no address: pictures are data, links stay in the page."""
    _, page = rendered
    for name, attributes in Page(page).tags:
        assert name not in {"script", "link", "iframe", "object"}
        for key in ("src", "href"):
            value = attributes.get(key) or "#"
            assert value.startswith(("#", "data:image/png;base64,")), value
    assert "url(http" not in page
    assert "@import" not in page
    assert len(page.encode()) < 3_000_000


def test_identifiers_are_unique_and_links_lead_somewhere(rendered: tuple[ReportData, str]) -> None:
    tags = Page(rendered[1]).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes.get("href") for name, attributes in tags if name == "a"}
    assert links <= {f"#{name}" for name in ids}


def test_every_picture_says_what_it_shows(rendered: tuple[ReportData, str]) -> None:
    tags = Page(rendered[1]).tags
    drawings = [
        attributes for name, attributes in tags if name == "svg" and "aria-hidden" not in attributes
    ]
    assert drawings
    for attributes in drawings:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"] or "") > 20
    headers = [attributes for name, attributes in tags if name == "th"]
    assert all(attributes["scope"] in {"row", "col"} for attributes in headers)


def test_the_verdict_comes_first_and_clinical_use_is_ruled_out(
    rendered: tuple[ReportData, str],
) -> None:
    data, page = rendered
    text = Page(page).text
    verdict = data.reconciliation.verdict.value.upper()
    assert text.index(verdict) < text.index("Beams")
    assert text.count("Not for clinical use") == 2
    for fact in (data.delivery_id, data.plan_label, data.room, "42", "0.1.0", "SN-1"):
        assert fact in text


def test_no_number_is_not_a_number(rendered: tuple[ReportData, str]) -> None:
    assert not re.search(r"\b(nan|inf|None)\b", Page(rendered[1]).text)
    assert not re.search(r'="[^"]*\b(nan|inf)\b', rendered[1])


def text_of(data: ReportData) -> str:
    return Page(render_report(data)).text


def test_a_clean_delivery_says_so() -> None:
    text = text_of(samples.clean_vmat())
    assert "PASS Both beams were delivered as planned, within tolerance." in text


def test_the_stuck_leaf_is_named() -> None:
    text = text_of(samples.stuck_leaf())
    assert (
        "FAIL Stuck leaf. Beam 1. Leaf 34 of bank X2 (MLCX) stopped following the plan at "
        "control point 20. At worst it was 43.1 mm from where it should have been." in text
    )
    assert "X2 leaf 34: \u221243.1 mm" in text


def test_a_beam_ended_early_says_how_far_it_came() -> None:
    text = text_of(samples.held_and_terminated())
    assert re.search(r"Stuck leaf\. Leaf 22 of bank X1 .* 45\.3 of 80\.0 MU were delivered\.", text)
    assert "The beam was held once, 1 s" in text.replace("1.00 s", "1 s")
    assert "Control points 12 to 20 were not reached." in text


def test_what_the_delivery_did_not_come_to_is_told() -> None:
    data = samples.held_and_terminated()
    text = text_of(replace(data, not_begun=(BeamNotBegun(2, "Arc CC", 20.0),)))
    assert re.search(r"Beam 2: Arc CC\s+20\.000\s+0\.000\s+not begun", text)
    assert re.search(r"Meterset\s+45\.\d\d of 100\.00 MU", text)


def test_the_worst_leaf_error_is_one_number() -> None:
    data = samples.held_and_terminated()
    (worst,) = [beam.motion.worst for beam in data.reconciliation.beams if beam.motion]
    assert f"Worst leaf error {abs(worst.error):.2f} mm" in " ".join(text_of(data).split())


def test_failed_beams_come_first() -> None:
    text = text_of(samples.lost_link())
    assert "Lost link. Beam 2. The link to the linac was lost at control point 8." in text
    assert "(uncertain)" in text
    page = render_report(samples.lost_link())
    assert page.index('id="beam-2"') < page.index('id="beam-1"')


def test_a_refused_beam_shows_what_was_read_back() -> None:
    text = text_of(samples.refused_beam())
    assert "Bank offset. All leaves of bank X1 (MLCX) stood off their places by the same" in text
    assert "read back before the beam" in text


def test_text_is_escaped() -> None:
    """Names come from files and devices."""
    hostile = "<script>alert('&\"')</script>"
    data = samples.refused_beam()
    evidence = data.beams[0].evidence
    beam = replace(evidence.beam, name=hostile)
    delivery = replace(evidence.delivery, termination_reason=hostile)
    machine = replace(data.machine, model_name=hostile) if data.machine else None
    data = replace(
        data,
        plan_label=hostile,
        room=hostile,
        delivery_id=hostile,
        machine=machine,
        beams=(replace(data.beams[0], evidence=replace(evidence, beam=beam, delivery=delivery)),),
        findings=(error("rule", hostile, hostile),),
        reconciliation=replace(
            data.reconciliation,
            beams=(replace(data.reconciliation.beams[0], beam_name=hostile),),
        ),
    )
    page = render_report(data)
    assert "<script" not in page
    assert Page(page).text.count(hostile) >= 7


def test_the_patient_is_not_in_it() -> None:
    """Nothing that a report is made of holds a patient."""
    assert not any("patient" in name for name in ReportData.__dataclass_fields__)
    assert "patient" not in text_of(samples.stuck_leaf()).lower()


def test_the_same_data_give_the_same_page() -> None:
    data = samples.held_and_terminated()
    assert render_report(data) == render_report(data)


def test_beams_without_image_or_leaves() -> None:
    """Electrons make no image; a jaw-only beam has no leaves to draw."""
    data = samples.clean_vmat()
    bare = replace(data.beams[0], image=None)
    evidence = bare.evidence
    assert evidence.delivered is not None
    jaws_only = replace(
        evidence,
        beam=replace(evidence.beam, leaves={}, devices={}),
        planned=replace(evidence.planned, leaves={}),
        delivered=replace(evidence.delivered, leaves={}),
    )
    page = render_report(replace(samples.report([jaws_only], "complete"), panel=None))
    text = Page(page).text
    assert "Portal image" not in text.replace("Portal imager", "")
    assert "Leaf errors" not in text
    assert "Beam's-eye view" in text
