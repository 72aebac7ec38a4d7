"""openai-python against a base URL; prints what came of it as one JSON object.

Usage: openai_python.py facts | steady
Environment: BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL.

`facts` makes each call once. `steady` keeps chatting, one call after the other, until its standard
input ends: it shows that what happens behind the gate meanwhile fails no request.
"""

import json
import os
import sys
import threading

import httpx
import openai

MESSAGES = [{"role": "user", "content": "Say hello."}]


class Counted:
    """A client that counts what really goes over the wire, retries included."""

    def __init__(self, api_key: str):
        self.sent = 0
        wire = httpx.Client(event_hooks={"request": [self._count]})
        self.openai = openai.OpenAI(
            base_url=os.environ["BASE_URL"], api_key=api_key, http_client=wire
        )

    def _count(self, _request: httpx.Request) -> None:
        self.sent += 1


def chat(client: openai.OpenAI, model: str) -> dict:
    reply = client.chat.completions.create(model=model, messages=MESSAGES)
    choice = reply.choices[0]
    return {
        "object": reply.object,
        "model": reply.model,
        "role": choice.message.role,
        "text": choice.message.content,
        "finish_reason": choice.finish_reason,
        "counts_tokens": reply.usage is not None and reply.usage.total_tokens > 0,
    }


def stream(client: openai.OpenAI, model: str) -> dict:
    chunks = list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    return {
        "objects": sorted({chunk.object for chunk in chunks}),
        "models": sorted({chunk.model for chunk in chunks}),
        "text": "".join(choice.delta.content or "" for choice in choices),
        "finish_reason": choices[-1].finish_reason,
        "in_pieces": len(chunks) > 2,
    }


def embed(client: openai.OpenAI, model: str) -> dict:
    # Left alone, the SDK asks for base64 and decodes it.
    ours = client.embeddings.create(model=model, input=["one", "two"])
    floats = client.embeddings.create(model=model, input=["one", "two"], encoding_format="float")
    pairs = zip(ours.data, floats.data, strict=True)
    return {
        "object": ours.object,
        "model": ours.model,
        "vectors": len(ours.data),
        "encodings_agree": all(
            abs(a - b) < 1e-6
            for one, other in pairs
            for a, b in zip(one.embedding, other.embedding, strict=True)
        ),
    }


def refusal(call, api_key: str) -> dict:
    """What the SDK raises, and how often it asked before it gave up."""
    client = Counted(api_key)
    try:
        call(client.openai)
    except openai.APIStatusError as error:
        return {
            "raised": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "type": error.type,
            "param": error.param,
            "sent": client.sent,
        }
    return {"raised": None}


def facts() -> dict:
    key, model = os.environ["API_KEY"], os.environ["CHAT_MODEL"]
    embedding_model = os.environ["EMBED_MODEL"]
    client = Counted(key).openai
    return {
        "models": [model.id for model in client.models.list()],
        "retrieved": client.models.retrieve(model).id,
        "chat": chat(client, model),
        "stream": stream(client, model),
        "embeddings": embed(client, embedding_model),
        "unknown_model": refusal(lambda c: chat(c, "no-such-model"), key),
        "unknown_model_streamed": refusal(lambda c: stream(c, "no-such-model"), key),
        "unknown_model_with_a_slash": refusal(
            lambda c: c.models.retrieve("vendor/no-such-model"), key
        ),
        "speech": refusal(
            lambda c: c.audio.speech.create(model=model, voice="alloy", input="hi"), key
        ),
        "responses": refusal(lambda c: c.responses.create(model=model, input="hi"), key),
        "transcriptions": refusal(
            lambda c: c.audio.transcriptions.create(model=model, file=("a.wav", b"RIFF")), key
        ),
        "wrong_key": refusal(lambda c: chat(c, model), "gtak_wrong"),
    }


def steady() -> dict:
    """Chats, whole and streamed in turn, until standard input ends."""
    client = openai.OpenAI(
        base_url=os.environ["BASE_URL"], api_key=os.environ["API_KEY"], max_retries=0
    )
    model = os.environ["CHAT_MODEL"]
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    answered, models, failures = 0, set(), []
    while not over.is_set():
        try:
            if answered % 2:
                models.update(stream(client, model)["models"])
            else:
                models.add(chat(client, model)["model"])
            answered += 1
            print("answered", file=sys.stderr, flush=True)
        except openai.OpenAIError as error:
            failures.append(str(error))
    return {"some_answered": answered > 0, "models": sorted(models), "failures": failures}


if __name__ == "__main__":
    print(json.dumps({"facts": facts, "steady": steady}[sys.argv[1]]()))
