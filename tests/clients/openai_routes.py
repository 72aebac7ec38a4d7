"""openai-python on every route GT has; see `told.py`."""

import base64
import hashlib
import json

import httpx
import openai
from told import CHAT_KEY, KEY, QUESTION, WEATHER, report

MESSAGES = [{"role": "user", "content": QUESTION}]
FORCED = {"type": "function", "function": {"name": "get_weather"}}
# Bytes that are no text, and hold line ends and dashes as a multipart border does.
SOUND = b"RIFF\r\n--\x00\xff" * 9000


def client(base: str, key: str = KEY, count: list | None = None) -> openai.OpenAI:
    hooks = {"request": [count.append] if count is not None else []}
    return openai.OpenAI(
        base_url=base, api_key=key, http_client=httpx.Client(event_hooks=hooks, timeout=60)
    )


def models(gate: openai.OpenAI) -> dict:
    listed = sorted(model.id for model in gate.models.list())
    return {"listed": listed, "retrieved": [gate.models.retrieve(name).id for name in listed]}


def chat(gate: openai.OpenAI) -> dict:
    reply = gate.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    return {"model": reply.model, "text": reply.choices[0].message.content}


def tool_call(gate: openai.OpenAI) -> dict:
    reply = gate.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, tools=[WEATHER], tool_choice=FORCED
    )
    [call] = reply.choices[0].message.tool_calls
    return {
        "model": reply.model,
        "finish_reason": reply.choices[0].finish_reason,
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "total_tokens": reply.usage.total_tokens,
    }


def streamed_tool_call(gate: openai.OpenAI) -> dict:
    """By the SDK's own helper, which puts the pieces together and fails if they do not fit."""
    pieces, names = 0, set()
    with gate.chat.completions.stream(
        model="gpt-4o",
        messages=MESSAGES,
        tools=[WEATHER],
        tool_choice=FORCED,
        stream_options={"include_usage": True},
    ) as stream:
        for event in stream:
            pieces += event.type == "tool_calls.function.arguments.delta"
            if event.type == "chunk":
                names.add(event.chunk.model)
        reply = stream.get_final_completion()
    [call] = reply.choices[0].message.tool_calls
    return {
        "models": sorted(names),
        "finish_reason": reply.choices[0].finish_reason,
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "total_tokens": reply.usage.total_tokens,
        "in_pieces": pieces > 1,
    }


def embeddings(gate: openai.OpenAI) -> dict:
    def vectors(**how) -> list:
        reply = gate.embeddings.create(model="text-embedding-3-small", **how)
        assert reply.model == "text-embedding-3-small", reply.model
        return [one.embedding for one in reply.data]

    two = ["one", "zwei 🚂"]
    # Left alone, the SDK asks for base64 and decodes it.
    asked, plain = vectors(input=two), vectors(input=two, encoding_format="float")
    written = vectors(input=two, encoding_format="base64")
    return {
        "vectors": len(plain),
        "agree": all(
            abs(a - b) < 1e-6
            for ones, others in zip(asked, plain, strict=True)
            for a, b in zip(ones, others, strict=True)
        ),
        "base64": all(len(base64.b64decode(one)) == 4 * len(plain[0]) for one in written),
        "token_ids": len(vectors(input=[[1, 2, 3], [4]], encoding_format="float")),
    }


def transcriptions(gate: openai.OpenAI) -> dict:
    def heard(**how):
        return gate.audio.transcriptions.create(
            model="whisper-1", file=("spoken.wav", SOUND), **how
        )

    return {
        "json": heard().text,
        "text": heard(response_format="text"),
        "verbose_json": heard(response_format="verbose_json", language="de").language,
        "with_a_list": heard(timestamp_granularities=["word", "segment"]).text,
    }


def speech(gate: openai.OpenAI) -> dict:
    facts = {}
    for form in ["mp3", "wav"]:
        with gate.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input="word " * 20, response_format=form
        ) as reply:
            sound = b"".join(reply.iter_bytes(1000))
        facts[form] = [reply.headers["content-type"], len(sound), sha(sound)]
    return facts


def images(gate: openai.OpenAI) -> dict:
    def drawn(form: str):
        return gate.images.generate(model="dall-e-3", prompt="a train", response_format=form)

    [encoded], [linked] = drawn("b64_json").data, drawn("url").data
    return {
        "b64_json": base64.b64decode(encoded.b64_json)[:4].hex(),
        "url": linked.url.split(",")[0],
    }


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def refused(base: str, key: str, call) -> dict:
    """What the SDK raises, and how often it asked before it gave up."""
    sent = []
    try:
        call(client(base, key, sent))
    except openai.APIStatusError as error:
        return {
            "raised": type(error).__name__,
            "code": error.code,
            "message": error.body["message"],
            "sent": len(sent),
        }
    return {"raised": None}


def facts(base: str) -> dict:
    gate = client(base)
    return {
        "models": models(gate),
        "chat": chat(gate),
        "tool_call": tool_call(gate),
        "streamed_tool_call": streamed_tool_call(gate),
        "embeddings": embeddings(gate),
        "transcriptions": transcriptions(gate),
        "speech": speech(gate),
        "images": images(gate),
        "refused": {
            "embeddings": refused(base, CHAT_KEY, embeddings),
            "transcriptions": refused(base, CHAT_KEY, transcriptions),
            "speech": refused(base, CHAT_KEY, speech),
            "images": refused(base, CHAT_KEY, images),
            "image_model_for_chat": refused(
                base, KEY, lambda c: c.chat.completions.create(model="dall-e-3", messages=MESSAGES)
            ),
            "transcription_by_a_chat_model": refused(
                base,
                KEY,
                lambda c: c.audio.transcriptions.create(model="gpt-4o", file=("a.wav", SOUND)),
            ),
            "translations": refused(
                base,
                KEY,
                lambda c: c.audio.translations.create(model="whisper-1", file=("a.wav", SOUND)),
            ),
            "files": refused(
                base, KEY, lambda c: c.files.create(file=("a.txt", b"x"), purpose="assistants")
            ),
            "completions": refused(
                base, KEY, lambda c: c.completions.create(model="gpt-4o", prompt="hi")
            ),
            "responses": refused(
                base, KEY, lambda c: c.responses.create(model="gpt-4o", input="hi")
            ),
            "assistants": refused(base, KEY, lambda c: c.beta.assistants.list()),
        },
    }


if __name__ == "__main__":
    report(facts)
