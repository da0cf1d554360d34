"""UIDs follow from seed, delivery and purpose."""

from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import UID

from gateway.dicom.uids import uid_source

words = st.text(max_size=20)


@given(st.integers(0, 2**64), words, words)
def test_uids_are_valid_and_repeat(seed: int, delivery: str, purpose: str) -> None:
    uid = uid_source(seed, delivery)(purpose)
    assert UID(uid).is_valid
    assert uid.startswith("2.25.")
    assert len(uid) <= 64
    assert uid == uid_source(seed, delivery)(purpose)


@given(st.tuples(st.integers(0, 99), words, words), st.tuples(st.integers(0, 99), words, words))
def test_different_words_give_different_uids(
    one: tuple[int, str, str], other: tuple[int, str, str]
) -> None:
    same = uid_source(*one[:2])(one[2]) == uid_source(*other[:2])(other[2])
    assert same == (one == other)
