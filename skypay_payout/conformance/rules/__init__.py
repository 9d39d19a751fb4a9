"""The rules, one module for each section of the report. Importing them fills ``RULES``."""

from .._rule import RULES
from . import (
    at_once,
    clock,
    fields,
    json,
    not_a_callback,
    quarantine,
    responses,
    rotation,
    sender,
    statuses,
    stored,
    texts,
    wire,
)

_ORDER = (
    *(statuses, fields, texts, json, wire, quarantine, rotation, at_once, sender, not_a_callback),
    *(responses, clock, stored),  # the observers
)
_SECTIONS = [module.__name__.rpartition(".")[2].replace("_", " ") for module in _ORDER]
RULES.sort(key=lambda rule: _SECTIONS.index(rule.section))
ANY, ALIVE = (next(rule for rule in RULES if rule.id == name) for name in ("any-acknowledged", "alive"))
