"""The rules, one module for each section of the report. Importing them fills ``RULES``."""

from importlib import import_module

from .._rule import RULES

_DELIVERING = "statuses fields json wire quarantine rotation at_once sender not_a_callback"
for _module in (*_DELIVERING.split(), "responses", "clock", "stored"):
    import_module(f"{__name__}.{_module}")
ANY, ALIVE = (next(rule for rule in RULES if rule.id == name) for name in ("any-acknowledged", "alive"))
