"""Dify: the model classes of its plugin SDK, which its provider "OpenAI-API-compatible" is made of."""

import json

from dify_plugin.entities.model.message import UserPromptMessage
from dify_plugin.interfaces.model.ai_model import AIModel
from dify_plugin.interfaces.model.openai_compatible.llm import OAICompatLargeLanguageModel
from dify_plugin.interfaces.model.openai_compatible.text_embedding import OAICompatEmbeddingModel
from dify_plugin.interfaces.model.openai_compatible.tts import OAICompatText2SpeechModel

from told import CHAT_MODEL, EMBED_KEY, EMBED_MODEL, EXPORTED, KEY, QUESTION, report, said, streamed


# It counts tokens with a table that it fetches from outside; here a letter is a token.
AIModel._get_num_tokens_by_gpt2 = lambda _self, text: len(text)


def credentials(base: str, key: str) -> dict:
    # As its form fills them in.
    return {"endpoint_url": base, "api_key": key, "mode": "chat", "context_size": "4096"}


def asked(base: str, key: str = KEY, stream: bool = True) -> list:
    """Its pieces: Dify's caller reads a stream, whichever way the model was asked."""
    model = OAICompatLargeLanguageModel([])
    messages = [UserPromptMessage(content=QUESTION)]
    chunks = model.invoke(CHAT_MODEL, credentials(base, key), messages, stream=stream)
    return [chunk.delta.message.content for chunk in chunks]


def validated(base: str, key: str) -> None:
    """What "Save" in its form does."""
    OAICompatLargeLanguageModel([]).validate_credentials(CHAT_MODEL, credentials(base, key))


def embeddings(base: str) -> int:
    model = OAICompatEmbeddingModel([])
    return len(model.invoke(EMBED_MODEL, credentials(base, KEY), ["one", "two"]).embeddings)


def speech(base: str):
    model = OAICompatText2SpeechModel([])
    return list(model.invoke(CHAT_MODEL, "tenant", credentials(base, KEY), "hi", "alloy"))


def exported() -> str:
    """What its form is given, with the token typed in, and then asked."""
    models = json.loads((EXPORTED / "models.json").read_text())
    [first] = [model for model in models if model["model"] == CHAT_MODEL]
    assert first["model_type"] == "llm", first
    given = first["credentials"] | {"api_key": KEY}
    model = OAICompatLargeLanguageModel([])
    model.validate_credentials(first["model"], given)
    chunks = model.invoke(first["model"], given, [UserPromptMessage(content=QUESTION)], stream=False)
    return "".join(chunk.delta.message.content for chunk in chunks)


def facts(base: str) -> dict:
    validated(base, KEY)
    return {
        "chat": "".join(asked(base, stream=False)),
        "stream": streamed(asked(base)),
        "embeddings": embeddings(base),
        "not_supported": said(lambda: speech(base)),
        "wrong_scope": said(lambda: validated(base, EMBED_KEY)),
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
