"""The app of a recipe, with the CPU time of ``receive`` and ``respond`` measured.

After each response it appends two numbers to a file: the nanoseconds of CPU in the two calls, and those of
the whole process so far.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from struct import pack
from threading import local
from time import process_time_ns, thread_time_ns
from typing import Any

from skypay_payout import Accepted, CallbackParser

_file = os.open(os.environ["BENCHMARK_TIMES"], os.O_WRONLY | os.O_APPEND)
_spent = local()


def _measured(call: Callable[..., Any]) -> Callable[..., Any]:
    def measured(*arguments: object) -> object:
        before = thread_time_ns()
        start = thread_time_ns()
        result = call(*arguments)
        took = thread_time_ns() - start - (start - before)  # less what reading the clock takes
        _spent.time = getattr(_spent, "time", 0) + took
        return result

    return measured


def _written(call: Callable[..., Any]) -> Callable[..., Any]:
    def written(*arguments: object) -> object:
        result = call(*arguments)
        os.write(_file, pack("2q", _spent.time, process_time_ns()))
        _spent.time = 0
        return result

    return written


CallbackParser.receive = _measured(CallbackParser.receive)  # type: ignore[method-assign]
Accepted.respond = _written(_measured(Accepted.respond))  # type: ignore[method-assign]

_recipe: Any = import_module("fastapi_app")
_recipe.store.create_all()
app = _recipe.app
