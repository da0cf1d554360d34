"""A signal that comes once the beam is off does not tear the record."""

import os
import signal

import pytest

from gateway.app.stopping import SIGNALS, finishing


@pytest.mark.parametrize("number", SIGNALS)
def test_a_record_is_finished_before_a_signal_is_heeded(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    before = signal.getsignal(number)
    written = False
    with finishing():
        os.kill(os.getpid(), number)
        written = True
    assert written
    assert caplog.messages == [f"{number.name}: the record is finished first"]
    assert signal.getsignal(number) is before
