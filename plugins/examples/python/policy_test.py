from dataclasses import replace

import pytest

from policy import CHAT, LIST, SCOPE, TOKENS, Forward, List, Question, ReadModel, decide

HEAD = Question(*CHAT, scopes=[SCOPE])
SMALL = replace(HEAD, model="small")


def test_the_large_model_is_in_the_plan_plus():
    large = replace(HEAD, model="large")
    assert decide(replace(large, plan="plus")) == Forward("support-agent")
    assert decide(large).code == "model_not_found"


@pytest.mark.parametrize("member", TOKENS)
@pytest.mark.parametrize(("plan", "most"), [(None, 512), ("other", 512), ("plus", 4096)])
def test_each_plan_has_a_budget(plan, most, member):
    def ask(asked):
        return decide(replace(SMALL, plan=plan, tokens=[(member, asked)]))

    assert ask(most) == Forward("gt-small")
    assert ask(most + 1).code == "over_budget"
    assert ask(None).code == "unclear_budget"


def test_what_the_head_refuses_is_refused_before_the_body_is_read():
    assert decide(HEAD) == ReadModel()
    assert decide(replace(HEAD, scopes=[])).code == "insufficient_scope"
    assert decide(replace(HEAD, path="/v1/embeddings")).code == "unknown_route"
    assert decide(replace(HEAD, purposes=["upload"])).code == "purpose_not_allowed"
    talks = replace(HEAD, in_conversation=True)
    assert decide(talks).code == "conversation_not_allowed"
    assert decide(replace(talks, purposes=["conversation"])) == ReadModel()


def test_a_key_sees_the_models_of_its_plan():
    key = Question(*LIST, scopes=[SCOPE])
    assert decide(key) == List(["small"])
    assert decide(replace(key, plan="plus")) == List(["large", "small"])


@pytest.mark.parametrize("of_key", ["models", "published"])
@pytest.mark.parametrize(
    ("entries", "is_open"),
    [
        (["support-agent", "large"], True),
        (["support-*", "l*"], True),
        (["*"], True),
        (["gt-small", "small"], False),
        (["support", "larg"], False),
        ([], False),
    ],
)
def test_a_plan_widens_no_key(of_key, entries, is_open):
    answer = decide(replace(HEAD, plan="plus", model="large", **{of_key: entries}))
    if is_open:
        assert answer == Forward("support-agent")
    else:
        assert answer.code == "model_not_found"
