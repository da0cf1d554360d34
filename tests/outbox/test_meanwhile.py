"""What became of an object is kept while the next is sent: in order, and before the round ends."""

import threading

import pytest

from gateway.app.node.sending_work import meanwhile
from gateway.domain.errors import StoreError

WAIT_S = 30


def test_it_is_done_beside_what_goes_on() -> None:
    goes_on, seen = threading.Event(), []

    def keep() -> None:
        seen.append(goes_on.wait(WAIT_S))

    with meanwhile() as do:
        do(keep)
        goes_on.set()
    assert seen == [True]


def test_it_is_done_in_order_and_before_the_end() -> None:
    done: list[int] = []
    with meanwhile() as do:
        for number in range(20):
            do(lambda number=number: done.append(number))  # type: ignore[misc]  # inferred
            assert done[:number] == list(range(number))
    assert done == list(range(20))


def test_what_fails_is_told_when_the_next_is_given() -> None:
    def fails() -> None:
        raise StoreError("the disk is full")

    done: list[int] = []
    with pytest.raises(StoreError, match="full"), meanwhile() as do:  # noqa: PT012 - either may raise
        do(fails)
        do(lambda: done.append(1))
    assert done == []
    with pytest.raises(StoreError, match="full"), meanwhile() as do:
        do(fails)
