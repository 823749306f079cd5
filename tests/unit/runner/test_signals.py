"""Signals that ask a run to stop: which are handled, and which are not."""

from __future__ import annotations

import os
import signal
from types import FrameType

import pytest

from ogan_bench.runner.signals import SIGNALS, handled


def test_all_are_handled_while_the_block_runs() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    received = []

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)

    with handled(receive):
        for number in SIGNALS:
            os.kill(os.getpid(), number)
    assert received == list(SIGNALS)
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_nohup_has_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with handled(signal.default_int_handler):
            os.kill(os.getpid(), signal.SIGHUP)
        with pytest.raises(KeyboardInterrupt), handled(signal.default_int_handler):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)
