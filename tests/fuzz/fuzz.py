"""One fuzzing run in this process: ``fuzz.py plain|encrypted [options of libFuzzer] [corpus]``."""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["skypay_payout", "dateutil"]):
    from judge import JUDGES

if __name__ == "__main__":
    judge = JUDGES[sys.argv.pop(1)]
    atheris.Setup(sys.argv, judge)
    atheris.Fuzz()
