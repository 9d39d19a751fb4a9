"""Count what a call costs: bytecode instructions, calls of Python functions, and bytes. Never seconds."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import TraceFunction


def instructions(call: Callable[[], object]) -> int:
    """Count the bytecode instructions of a call. Its second run counts: imports and caches are ready then."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    call()
    before = sys.gettrace()
    gc.disable()  # others may have asked to be called when it collects
    sys._getframe().f_trace_opcodes = True  # or Python 3.12 counts none the first time
    sys.settrace(trace)  # f_trace_lines stays on: without it Python 3.13 counts none at all
    try:
        call()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def python_calls(call: Callable[[], object]) -> Counter[str]:
    """Count the calls of each Python function, by qualified name."""
    calls: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls[frame.f_code.co_qualname] += 1

    call()
    before = sys.getprofile()
    gc.disable()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


def peak(call: Callable[[], object]) -> int:
    """Return the most bytes that a call holds at once, its result included."""
    call()
    tracemalloc.start()
    try:
        kept = call()
        del kept
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
