"""Attribute matching against PS3.4 C.2.2.2, and against slower ways to say the same."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.nodestore.date_matching import matches_dates
from gateway.adapters.nodestore.matching import matches, matches_element, matches_wildcard


def element(vr: str, *values: Any) -> dict[str, Any]:
    return {"vr": vr, "Value": list(values)} if values else {"vr": vr}


def name(alphabetic: str, ideographic: str = "", phonetic: str = "") -> dict[str, str]:
    groups = {"Alphabetic": alphabetic, "Ideographic": ideographic, "Phonetic": phonetic}
    return {group: text for group, text in groups.items() if text}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (element("LO"), element("LO", "x"), True),
        (element("LO"), element("LO"), True),
        (element("LO", "*"), element("LO"), True),
        (element("LO", "**"), {}, True),
        (element("LO", "?"), element("LO"), False),
        (element("LO", "QA*"), element("LO", "QA bench"), True),
        (element("LO", "qa*"), element("LO", "QA bench"), False),
        (element("LO", "QA bench "), element("LO", " QA bench"), True),
        (element("LO", "QA ben?h"), element("LO", "QA bench"), True),
        (element("LO", "QA"), element("LO", "QA bench"), False),
        (element("CS", "DRR"), element("CS", "DERIVED", "DRR"), True),
        (element("UI", "1.2", "1.3"), element("UI", "1.3"), True),
        (element("UI", "1.2"), element("UI", "1.2.3"), False),
        (element("UI", "1.*"), element("UI", "1.2"), False),
        (element("IS", "007"), element("IS", 7), True),
        (element("IS", "seven"), element("IS", 7), False),
        (element("US", 512), element("US", 512), True),
        (element("DS", "1.50"), element("DS", 1.5), True),
        (element("DA", "20240101-20240131"), element("DA", "20240115"), True),
        (element("DA", "20240101"), {}, False),
    ],
)
def test_kinds_of_matching(key: Any, value: Any, expected: bool) -> None:
    assert matches_element(key, value) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (name("phantom^epid"), name("Phantom^EPID"), True),
        (name("Phantom^EPID^^"), name("Phantom^EPID"), True),
        (name("Phantom"), name("Phantom^EPID"), False),
        (name("Phantom*"), name("Phantom^EPID"), True),
        (name("Ph?ntom^E*"), name("Phantom^EPID"), True),
        (name("*^EPID"), name("Phantom^EPID"), True),
        (name("山田*"), name("Yamada^Tarou", "山田^太郎", "やまだ^たろう"), True),
        (name("Yamada*", "山田*"), name("Yamada^Tarou", "山田^太郎"), True),
        (name("Yamada*", "佐藤*"), name("Yamada^Tarou", "山田^太郎"), False),
        (name("", "山田*"), name("山田*"), False),
        (name("gro\u0308sse^x"), name("GR\u00d6SSE^X"), True),
        (name("*"), name(""), True),
    ],
)
def test_names(key: dict[str, str], value: dict[str, str], expected: bool) -> None:
    found = element("PN", value) if value else element("PN")
    assert matches_element(element("PN", key), found) is expected


def test_one_item_of_a_sequence_has_to_match_all_keys() -> None:
    items = element(
        "SQ",
        {"00081150": element("UI", "1"), "00081155": element("UI", "1.1")},
        {"00081150": element("UI", "2"), "00081155": element("UI", "2.2")},
    )

    def key(sop_class: str, uid: str) -> dict[str, Any]:
        asked = {"00081150": element("UI", sop_class), "00081155": element("UI", uid)}
        return {"300C0002": element("SQ", asked)}

    assert matches(key("2", "2.2"), {"300C0002": items})
    assert not matches(key("1", "2.2"), {"300C0002": items})
    assert matches({"300C0002": element("SQ", {})}, {"300C0002": items})
    assert matches({"300C0002": element("SQ", {})}, {})


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("DA", "20240101", "20240101", True),
        ("DA", "20240101-", "20240101", True),
        ("DA", "-20240101", "20240101", True),
        ("DA", "-20231231", "20240101", False),
        ("DA", "20240102-20240103", "20240101", False),
        ("DA", "2024.01.01", "20240101", True),
        ("DA", "soon", "20240101", False),
        ("DA", "soon", "soon", True),
        ("TM", "10", "101530.25", True),
        ("TM", "1015-1016", "101630", True),
        ("TM", "1015-1016", "101700", False),
        ("TM", "10:15-", "1014", False),
        ("TM", "-101530.5", "101530.600001", False),
        ("TM", "-101530.5", "101530.5", True),
        ("DT", "20240101-", "20240101000000", True),
        ("DT", "2024", "20241231235959.999999", True),
        ("DT", "20240101120000+0200", "20240101100000+0000", True),
        ("DT", "20240101120000+0200-20240101130000+0200", "20240101103000+0000", True),
        ("DT", "20240101120000-0500-20240101130000-0500", "20240101173000", True),
        ("DT", "20240101120000-20240101130000", "20240101123000", True),
        ("DT", "00010101000000+1400", "20240101", False),
    ],
)
def test_dates_and_times(vr: str, key: str, value: str, expected: bool) -> None:
    assert matches_dates(vr, key, value) is expected


@given(
    st.text("ab*?", max_size=12),
    st.text("ab", max_size=12),
)
def test_wildcards_mean_what_the_regular_expression_means(key: str, text: str) -> None:
    pattern = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in key)
    assert matches_wildcard(key, text) is (re.fullmatch(pattern, text) is not None)


@pytest.mark.timeout(30)
def test_a_key_of_many_wildcards_takes_no_time_to_speak_of() -> None:
    """Where every ``*`` is tried at every place it takes longer than anybody waits."""
    assert not matches_wildcard("*a" * 300 + "*b", "a" * 1000)
    assert not matches_wildcard("*" + "?a" * 300 + "b*", "a" * 1000)
    assert matches_wildcard("*a" * 300 + "*b", "a" * 1000 + "b")


@given(
    st.sampled_from(["DA", "TM", "DT"]),
    st.text("0123456789-+.:", max_size=30),
    st.text("0123456789", max_size=14),
)
def test_any_key_is_matched_or_not(vr: str, key: str, value: str) -> None:
    assert matches_dates(vr, key, value) in {True, False}


@given(st.dates(), st.dates(), st.dates())
def test_a_range_holds_what_lies_between(first: Any, last: Any, day: Any) -> None:
    key = f"{first:%Y%m%d}".rjust(8, "0") + "-" + f"{last:%Y%m%d}".rjust(8, "0")
    value = f"{day:%Y%m%d}".rjust(8, "0")
    assert matches_dates("DA", key, value) is (first <= day <= last)
