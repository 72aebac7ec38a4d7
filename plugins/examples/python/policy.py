"""The decision itself: a pure function of a few facts, tested on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SCOPE = "inference:chat"
"""What the key needs for every route."""

TOKENS = ["max_tokens", "max_completion_tokens"]
"""The members of a body that ask for tokens."""

MODELS = {"large": "support-agent", "small": "gt-small"}
"""What a client may write, and what GT publishes; in ascending order."""

CONVERSATION = "x-gt-conversation-id"
"""The header of a request that takes part in a conversation."""

CHAT = ("POST", "/v1/chat/completions")
LIST = ("GET", "/v1/models")


@dataclass(frozen=True)
class Question:
    """What the policy is told of a request."""

    method: str
    path: str
    scopes: Sequence[str]
    purposes: Sequence[str] = ("inference",)
    """What the key was made for."""
    models: Sequence[str] | None = None
    """The names it may write; None for all."""
    published: Sequence[str] | None = None
    """The published names it may reach; None for all."""
    plan: str | None = None
    """The key's label of that name."""
    in_conversation: bool = False
    """Whether the request has the header CONVERSATION."""
    model: str | None = None
    """None until the body was read, and empty if it names none."""
    tokens: Sequence[tuple[str, int | None]] = ()
    """Those of TOKENS that the body has; None where it does not say a whole number, once."""


@dataclass(frozen=True)
class Forward:
    published: str


@dataclass(frozen=True)
class List:
    models: Sequence[str]


@dataclass(frozen=True)
class ReadModel:
    pass


@dataclass(frozen=True)
class Refuse:
    status: int
    code: str
    message: str
    param: str | None = None


Answer = Forward | List | ReadModel | Refuse


def budget(plan: str | None) -> tuple[list[str], int]:
    """The models a plan has, and the tokens that one answer of them may take."""
    return (["large", "small"], 4096) if plan == "plus" else (["small"], 512)


def allows(entries: Sequence[str] | None, name: str) -> bool:
    """Whether one of a key's lists has this name, or a prefix of it that ends in `*`."""
    if entries is None:
        return True
    return any(
        name.startswith(entry[:-1]) if entry.endswith("*") else entry == name for entry in entries
    )


def decide(question: Question) -> Answer:
    """Decides one request."""
    of_plan, most = budget(question.plan)
    route = (question.method, question.path)
    if route not in (CHAT, LIST):
        message = "Only POST /v1/chat/completions and GET /v1/models are open here."
        return Refuse(404, "unknown_route", message)
    for_conversations = "conversation" in question.purposes
    if not for_conversations and "inference" not in question.purposes:
        return Refuse(403, "purpose_not_allowed", "This key was not made for inference.")
    if SCOPE not in question.scopes:
        return Refuse(403, "insufficient_scope", f"This key needs the scope `{SCOPE}`.")
    if question.in_conversation and not for_conversations:
        message = f"`{CONVERSATION}` needs a key with the purpose `conversation`."
        return Refuse(403, "conversation_not_allowed", message, CONVERSATION)
    # Those of the plan that the key's own lists have: a plan widens no key.
    models = [
        name
        for name in of_plan
        if allows(question.models, name) and allows(question.published, MODELS[name])
    ]
    if route == LIST:
        return List(models)
    if question.model is None:
        return ReadModel()
    if question.model not in models:
        message = "This key has no such model. GET /v1/models lists those it has."
        return Refuse(404, "model_not_found", message, "model")
    for member, asked in question.tokens:
        if asked is None:
            message = f"`{member}` must be a whole number, and be there once."
            return Refuse(400, "unclear_budget", message, member)
        if asked > most:
            return Refuse(400, "over_budget", f"Your plan allows `{member}` up to {most}.", member)
    return Forward(MODELS[question.model])
