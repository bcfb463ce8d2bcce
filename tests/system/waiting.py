# SPDX-License-Identifier: MIT
"""waiting - for an event, never for a time to pass."""

import time

# Generous: only what is broken gets there. A sanitizer and two busy cores are slow.
DEADLINE = 30


def wait_until(condition, what, deadline=DEADLINE):
    """Return condition()'s first true value; fail, saying what did not come true, at the deadline."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"after {deadline} s: still not true that {what}"
        time.sleep(0.005)
