"""The rules of the conformance check and their results, a line for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .terminal import printable

if TYPE_CHECKING:
    from ..conformance import Result, Rule


def print_rules(rules: Iterable[Rule], *, as_json: bool) -> None:
    """Print every rule."""
    for rule in rules:
        if as_json:
            fields = {"section": rule.section, "rule": rule.rule, "point": rule.point, "why": rule.why}
            print(json.dumps({"id": rule.id} | fields))
        else:
            print(f"{rule.id:30}  {rule.rule}")


def as_json(result: Result) -> str:
    """Return one result as a line of JSON."""
    rule = result.rule
    fields: dict[str, object] = {"id": rule.id, "section": rule.section, "rule": rule.rule}
    fields |= {"outcome": result.outcome, "point": rule.point, "why": rule.why}
    fields["seconds"] = round(result.seconds, 3)
    if result.message:
        fields["message"] = printable(result.message)
    if result.problems:
        fields["consequence"] = result.consequence
        names = ("what", "message", "consequence", "warning", "sent", "received")
        fields["problems"] = [{name: getattr(problem, name) for name in names} for problem in result.problems]
    return json.dumps(fields)
