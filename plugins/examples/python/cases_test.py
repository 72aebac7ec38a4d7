"""The cases, asked here as a host asks them of the component."""

import json
from pathlib import Path

import pytest
from wit_world.imports import types

from plugin import Policy

# `test.sh` has them written, one for each that `each` makes.
CASES = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
DESCRIBED = Policy().describe()


def names(entries: str | list[str]) -> types.Allowance:
    return types.Allowance_All() if entries == "all" else types.Allowance_Only(entries)


def member(value: int | str | None) -> types.BodyMember:
    match value:
        case int():
            return types.BodyMember_Integer(value)
        case str():
            return types.BodyMember_Text(value)
        case _:
            return types.BodyMember_Unclear(types.BodyMemberFault.OTHER_TYPE)


def decide(case: dict) -> types.Decision:
    method, target = case["request"].split(" ")
    headers, body = case.get("headers", {}), case.get("body", {})
    request = types.Request(
        method=method,
        path=target.replace("/api/tenant/", "/v1/"),
        query=None,
        content_type=None,
        headers=[
            types.Header(name, headers[name].encode())
            for name in DESCRIBED.headers
            if name in headers
        ],
        caller=types.Caller(
            id="case",
            purposes=[types.Purpose[word.upper()] for word in case["purposes"]],
            scopes=case.get("scopes", []),
            labels=list(case.get("labels", {}).items()),
            models=names(case["models"]),
            published=names(case["published"]),
            datasets=types.Allowance_Unasked(),
        ),
        model=types.RequestedModel_Unread(),
        body_members=[],
        facts=[],
    )
    decision = Policy().decide(request)
    if not isinstance(decision, types.Decision_ReadModel):
        return decision
    name = case.get("model")
    request.model = (
        types.RequestedModel_Absent() if name is None else types.RequestedModel_Named(name)
    )
    request.body_members = [
        (name, member(body[name])) for name in DESCRIBED.body_members if name in body
    ]
    return Policy().decide(request)


def shown(decision: types.Decision) -> dict:
    """What a case may expect of a decision, by its words."""
    match decision:
        case types.Decision_Forward(forward):
            route = DESCRIBED.routes[forward.route]
            return {
                "forward": f"{route.method} {route.template}",
                "path": route.template,
                "model": forward.model,
                "response_model": forward.response_model,
            }
        case types.Decision_Refuse(refusal):
            return {
                "refuse": refusal.code,
                "message": refusal.message,
                "reason": refusal.reason,
            }
        case types.Decision_ListModels(types.ListMode_Only(models)):
            return {"list": models}
        case _:
            raise AssertionError(decision)


def test_there_are_cases():
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    expected, decided = case["expect"], shown(decide(case))
    assert {what: decided[what] for what in expected} == expected
