"""How a fault is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import ConfigError
from simulators.faults import FAULTS, parse_fault


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_reads_bare_and_as_its_example(name: str) -> None:
    assert parse_fault(name).values == {}
    spec = parse_fault(FAULTS[name].example)
    assert spec.name == name
    assert spec.values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nonsense", r"no fault 'nonsense'; faults are stuck-leaf, "),
        ("", "no fault ''"),
        ("stuck-leaf:", "'' is not key=value"),
        ("stuck-leaf:leaf", "'leaf' is not key=value"),
        ("stuck-leaf:colour=red", "'colour=red' is not key=value"),
        ("stuck-leaf:leaf=0", "leaf is a whole number, 1 or more, not '0'"),
        ("stuck-leaf:leaf=two", "leaf is a whole number"),
        ("stuck-leaf:from_cp=-1", "from_cp is a whole number, 0 or more"),
        ("stuck-leaf:bank=A", "bank is one of X1, X2, Y1, Y2, not 'A'"),
        ("stuck-leaf:leaf=1,leaf=2", "leaf is given twice"),
        ("meterset-overrun:mu=nan", "mu is a finite number"),
        ("meterset-overrun:mu=0", "mu is a number above 0"),
        ("couch-drift:mm_per_s=fast", "mm_per_s is a number, not 'fast'"),
        ("lost-link:at_cp=1,at_mu=2", "at_cp and at_mu exclude each other"),
        ("gantry-lag:deg=1,seconds=2", "deg and seconds exclude each other"),
    ],
)
def test_a_fault_that_cannot_be_read_is_explained(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as raised:
        parse_fault(text)
    name = text.partition(":")[0]
    if name in FAULTS:
        assert f"fault {name}: " in str(raised.value)
        assert f"its keys are {', '.join(FAULTS[name].keys)}" in str(raised.value)
        assert FAULTS[name].example in str(raised.value)


@given(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(list(FAULTS)).flatmap(
            lambda name: st.text(max_size=30).map(lambda rest: f"{name}:{rest}")
        ),
    )
)
def test_any_text_is_a_fault_or_a_clear_error(text: str) -> None:
    try:
        name = parse_fault(text).name
    except ConfigError as error:
        name = text.partition(":")[0]
        if name not in FAULTS:
            name = next(iter(FAULTS))
            assert "there is no fault" in str(error)  # noqa: PT017 - either outcome is right
    assert name in FAULTS
