"""Check an archive of bodies, one per line, with Dask: the counts of ``skypay-payout check --lines``.

$ python dask_archive.py bodies.txt

It uses two processes of this machine. To use several machines, start ``dask scheduler`` on one of them and
``dask worker`` on each, with skypay-payout installed. Name the scheduler in DASK_SCHEDULER_ADDRESS, and the
archive by a path that all of them can read, such as ``s3://archive/2026-*.txt``. The parser is sent to the
workers with its secrets: between machines use TLS, Dask's setting ``distributed.comm.require-encryption``.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from itertools import chain

from dask.base import compute
from dask.bytes.core import read_bytes
from dask.delayed import delayed
from distributed import Client

from skypay_payout import CallbackError, CallbackParser, InvalidCallbackError


def check(parser: CallbackParser, lines: bytes) -> Counter[str]:
    """Count each status and each error code in the lines."""
    found: Counter[str] = Counter()
    for line in lines.split(b"\n"):
        if line and not line.isspace():
            try:
                found[parser.parse(line.removesuffix(b"\r")).pay_type.name] += 1
            except CallbackError as error:
                found[error.code] += 1
                if isinstance(error, InvalidCallbackError):
                    found.update(one.code for one in error.errors)
    return found


def main(archive: str) -> None:
    """Print the counts, most frequent first."""
    parser = CallbackParser.from_environ()
    _, files = read_bytes(archive, delimiter=b"\n", blocksize="4MiB", sample=False)
    counts = [delayed(check)(parser, block) for block in chain.from_iterable(files)]
    on_cluster = "DASK_SCHEDULER_ADDRESS" in os.environ
    with Client() if on_cluster else Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        total = sum(compute(*counts), Counter[str]())
    json.dump(dict(total.most_common()), sys.stdout)


if __name__ == "__main__":  # the workers import this file
    main(sys.argv[1])
