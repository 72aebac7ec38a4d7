"""openai-python over TLS, in each version of HTTP it can speak; see `told.py`.

AUTHORITY is a file with the authority to trust.
"""

import os
import ssl

import httpx
import openai
from told import CHAT_KEY, KEY, QUESTION, report

MESSAGES = [{"role": "user", "content": QUESTION}]


def client(base: str, trusted: bool, key: str, versions: list, **protocols) -> openai.OpenAI:
    trust = ssl.create_default_context(cafile=os.environ["AUTHORITY"] if trusted else None)
    hooks = {"response": [lambda reply: versions.append(reply.http_version)]}
    wire = httpx.Client(verify=trust, event_hooks=hooks, timeout=60, **protocols)
    return openai.OpenAI(base_url=base, api_key=key, http_client=wire)


def facts(base: str, **protocols) -> dict:
    versions = []
    gate = client(base, True, KEY, versions, **protocols)
    chat = gate.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    chunks = list(gate.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
    sound = gate.audio.speech.create(model="tts-1", voice="alloy", input="word " * 20)
    heard = gate.audio.transcriptions.create(
        model="whisper-1", file=("spoken.wav", b"RIFF" * 500_000)
    )
    # A body that is still on its way when the refusal comes.
    poor = client(base, True, CHAT_KEY, versions, **protocols)
    try:
        poor.audio.speech.create(model="tts-1", voice="alloy", input="x" * (8 << 20))
    except openai.APIStatusError as error:
        refused = [type(error).__name__, error.code]
    return {
        "versions": sorted(set(versions)),
        "requests": len(versions),
        "chat": [chat.model, chat.choices[0].message.content],
        "stream": [
            sorted({chunk.model for chunk in chunks}),
            "".join(chunk.choices[0].delta.content or "" for chunk in chunks),
        ],
        "sound": len(sound.content),
        "heard": heard.text,
        "refused": refused,
    }


def stranger(base: str) -> str:
    """What happens to a client that does not know the authority."""
    try:
        client(base, False, KEY, []).models.list()
    except openai.APIConnectionError as error:
        return type(error.__cause__).__name__ + ": " + str(error.__cause__).split(":")[0]
    return "it asked"


report(
    lambda base: {
        "1.1": facts(base),
        "2": facts(base, http2=True),
        "untrusted": stranger(base),
    }
)
