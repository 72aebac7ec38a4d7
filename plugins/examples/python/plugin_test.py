"""A trap in the component says nothing of the exception behind it; here it does."""

from dataclasses import replace

import pytest
from wit_world.imports.types import (
    Allowance_Unasked,
    BodyMember_Integer,
    BodyMember_Text,
    Caller,
    Decision_ReadModel,
    Purpose,
    Request,
    RequestedModel_Absent,
    RequestedModel_Named,
    RequestedModel_Unread,
)

from plugin import Policy

ANY = Allowance_Unasked()
CALLER = Caller("a", [Purpose.INFERENCE], ["inference:chat"], [("plan", "plus")], ANY, ANY, ANY)
REQUEST = Request(
    method="POST",
    path="/v1/chat/completions",
    query=None,
    content_type="application/json",
    headers=[],
    caller=CALLER,
    model=RequestedModel_Named("large"),
    body_members=[],
    facts=[],
)


def decide(**facts):
    return Policy().decide(replace(REQUEST, **facts))


def test_the_model_and_the_budget_are_those_of_the_label():
    forward = decide().value
    assert (forward.model, forward.response_model) == ("support-agent", "large")
    within = decide(body_members=[("max_tokens", BodyMember_Integer(4096))])
    assert within.value.model == "support-agent"


@pytest.mark.parametrize(
    ("value", "code"),
    [(BodyMember_Integer(2**64 - 1), "over_budget"), (BodyMember_Text("1"), "unclear_budget")],
)
def test_other_tokens_are_refused(value, code):
    assert decide(body_members=[("max_tokens", value)]).value.code == code


def test_a_body_is_read_before_its_model_is_judged():
    assert decide(model=RequestedModel_Unread()) == Decision_ReadModel()
    assert decide(model=RequestedModel_Absent()).value.code == "model_not_found"


def test_all_models_are_told_page_by_page():
    assert Policy().describe().model_count == 2
    first, second = Policy().models(None, 1), Policy().models("large", 1)
    assert ([model.name for model in first.models], first.more) == (["large"], True)
    assert ([model.name for model in second.models], second.more) == (["small"], False)
