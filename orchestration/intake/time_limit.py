"""A limit of time around the examination of one file: what takes longer was made to, and others wait behind it.

Belongs here: interrupting Python wherever it is, regular expressions included (their engine looks for signals).
Does not belong here: what becomes of the file; the workbook reader's own limit, which ends a process.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: After the first one the alarm rings again so often, in case that something swallowed it (a library's callback).
_AGAIN_SECONDS = 5.0


class TimeLimitError(BaseException):
    """Time is up. No Exception, so that nothing that handles errors of a cell or a library takes it for one."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitError in the block when ``seconds`` have passed.

    Only a process's main thread can be interrupted; in another thread the error comes when the block has ended. An
    alarm that somebody had set before is set again with what is left of it.
    """
    ends = time.monotonic() + seconds
    if threading.current_thread() is not threading.main_thread():
        yield
        if time.monotonic() > ends:
            raise TimeLimitError
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeLimitError

    before = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
    try:
        yield
    except (OSError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if time.monotonic() >= ends:  # whatever a library made of it
            raise TimeLimitError from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - seconds + (ends - time.monotonic()), 0.001))
