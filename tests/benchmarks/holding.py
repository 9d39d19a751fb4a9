"""Holds callbacks and prints how many bytes that takes: ``... holding MODULE COUNT``."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import psutil

from .peers import AUTHENTICATION, USER_NAME


def body(number: int) -> bytes:
    """A compact body of its own payout, time and reference number; ``number`` has up to 8 digits."""
    serial, second = f"{number:08}".encode(), number % 60
    return (
        b'{"userName":"%s","action":"payoutQueuePayout","authentication":"%s","controlNumber":"SK991%s",'
        b'"payType":"1","dealTime":"2018-08-07 11:%02d:%02d","referenceNumber":"MLA0010413%s"}'
    ) % (USER_NAME.encode(), AUTHENTICATION.encode(), serial, number // 60 % 60, second, serial)


def bytes_for(module: str, count: int) -> int:
    """By how much the process grows when a peer's callbacks are held."""
    parse = import_module(f".peers.{module}", __package__).parse
    parse(body(0))
    gc.collect()
    before = resident()
    held = [parse(body(number)) for number in range(count)]
    gc.collect()
    after = resident()
    return (after - before) * bool(held)


def resident() -> int:
    """Bytes of memory that this process has now."""
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    print(bytes_for(sys.argv[1], int(sys.argv[2])))
