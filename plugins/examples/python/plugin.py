"""Speaks the contract; policy.py decides. `.bindings`, which the scripts make, has the types for an editor."""

from wit_world.exports import Policy as Contract
from wit_world.imports import types

import policy

CHAT = 0
"""The place of the one route that is forwarded."""


class Policy(Contract):
    def describe(self) -> types.Description:
        return types.Description(
            name="chat-budget",
            version="0.1.0",
            routes=[
                route(policy.CHAT, types.ModelSource.JSON),
                route(policy.LIST, types.ModelSource.NONE),
            ],
            headers=[policy.CONVERSATION],
            wants=types.Wants.LABELS | types.Wants.MODELS | types.Wants.PUBLISHED,
            body_members=policy.TOKENS,
            model_count=len(policy.MODELS),
        )

    def models(self, after: str | None, limit: int) -> types.Page:
        rest = [name for name in policy.MODELS if name > (after or "")]
        models = [
            types.Model(
                name=name,
                published=[policy.MODELS[name]],
                listed=True,
                deprecated=None,
                routes=[CHAT],
            )
            for name in rest[:limit]
        ]
        return types.Page(models=models, more=len(rest) > limit)

    def decide(self, request: types.Request) -> types.Decision:
        match request.model:
            case types.RequestedModel_Unread():
                name = None
            case types.RequestedModel_Absent():
                name = ""
            case types.RequestedModel_Named(name):
                pass
        caller = request.caller
        question = policy.Question(
            method=request.method,
            path=request.path,
            scopes=caller.scopes,
            purposes=[purpose.name.lower() for purpose in caller.purposes],
            models=names(caller.models),
            published=names(caller.published),
            plan=dict(caller.labels).get("plan"),
            # Only what `describe` asks for is told.
            in_conversation=bool(request.headers),
            model=name,
            tokens=[(member, whole(value)) for member, value in request.body_members],
        )
        match policy.decide(question):
            case policy.Forward(published):
                return forward(published, name)
            case policy.List(models):
                return types.Decision_ListModels(types.ListMode_Only(models))
            case policy.ReadModel():
                return types.Decision_ReadModel()
            case policy.Refuse(status, code, message, param):
                refusal = types.Refusal(status, code, message, param, reason=code)
                return types.Decision_Refuse(refusal)


def names(entries: types.Allowance) -> list[str] | None:
    """One of the key's lists; None if it has no limit."""
    return entries.value if isinstance(entries, types.Allowance_Only) else None


def whole(value: types.BodyMember) -> int | None:
    return value.value if isinstance(value, types.BodyMember_Integer) else None


def route(route: tuple[str, str], model: types.ModelSource) -> types.Route:
    method, template = route
    return types.Route(
        method=method,
        template=template,
        verdict=types.Verdict.NATIVE,
        forwarded=True,
        purposes=[types.Purpose.INFERENCE],
        scopes=[[policy.SCOPE]],
        model=model,
        query=[],
        headers=[],
        reason=None,
    )


def forward(published: str, name: str | None) -> types.Decision:
    return types.Decision_Forward(
        types.Forward(
            route=CHAT,
            parameters=[],
            query=None,
            model=published,
            response_model=name,
            notice=None,
            set_headers=[],
            drop_headers=[],
            labels=[],
        )
    )
