"""The check catches every wrong endpoint, names the rule that it breaks, and what that costs."""

from __future__ import annotations

import re

import pytest

from skypay_payout.conformance import RULES, Consequence, Outcome, check_endpoint
from skypay_payout.testing import bad_bodies
from tests.conformance.served import ENCRYPTED, KEYS, PLAIN, SECRETS, Encrypted, direct, served
from tests.conformance.wrong import WRONG

SECTIONS = {rule.id: rule.section for rule in RULES}
OBSERVED = {
    "leaks": ("account-wrong", "cut-short", "secret-near", "trailing-text"),
    "acknowledgement-form": ("status",),
    "acknowledgement-key": ("older-key", "together-keys"),
}
"""What has to be delivered for a rule over the whole run."""
OVER_HTTP = {rule.id for rule in RULES if rule.section in ("wire", "at once", "clock")}
OVER_HTTP |= {"any-acknowledged", "acknowledgement-key"}
"""The rules that depend on HTTP, on several requests at once, or on the time that they take."""


def consequences(name: str, rule: str) -> set[Consequence]:
    """What the mistake of an endpoint can cost, by its kind."""
    if rule == "leaks":
        return {Consequence.LEAKED}
    if rule.startswith(("response-", "acknowledgement-form")):
        return {Consequence.FORM}
    if rule == "get":
        return {Consequence.ACKNOWLEDGED}
    if SECTIONS[rule] not in ("sender", "not a callback") or rule.startswith("good-after"):
        rejects_wrongly = rule in ("one-connection", "together-rejections")
        return {Consequence.LOST} | ({Consequence.ACKNOWLEDGED} if rejects_wrongly else set())
    if re.search("crash|500|closes the connection|validates first", name):
        return {Consequence.CRASHED}
    return {Consequence.FORM} if "302" in name else {Consequence.ACKNOWLEDGED}


@pytest.mark.parametrize("name", WRONG)
def test_an_endpoint_is_caught_that(name: str) -> None:
    make, rules = WRONG[name]
    endpoint = make()
    parser = ENCRYPTED if isinstance(endpoint, Encrypted) else PLAIN
    only = {*rules, *(other for rule in rules for other in OBSERVED.get(rule, ()))}
    with served(endpoint) if rules & OVER_HTTP else direct(endpoint) as server:
        results = [*check_endpoint(server.url, parser, only=only, keys=KEYS)]
    caught = {result.id: result for result in results if result.problems}
    assert caught.keys() == rules
    for result in caught.values():
        assert result.outcome is (Outcome.WARNING if result.id == "response-code" else Outcome.FAILED)
        assert result.consequence in consequences(name, result.id)
        for text in (result.message, *(part for one in result.problems for part in (one.sent, one.received))):
            assert not re.search("|".join((*SECRETS, *KEYS)), text)


def test_every_kind_of_bad_body_has_a_rule() -> None:
    kinds = {bad.kind for parser in (PLAIN, ENCRYPTED) for bad in bad_bodies(parser)}
    assert kinds - {rule.id for rule in RULES} == {"too-large"}, (
        "oversize is beyond the limit of any endpoint"
    )


def test_every_rule_catches_a_wrong_endpoint() -> None:
    caught = {rule for _, rules in WRONG.values() for rule in rules}
    elsewhere = {"in-time", "alive", *(rule.id for rule in RULES if rule.section == "stored")}
    assert {rule.id for rule in RULES} - caught == elsewhere
