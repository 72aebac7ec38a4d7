"""Semantic Kernel: its services take an OpenAI client, so the base goes into that."""

import asyncio
import sys

from openai import AsyncOpenAI
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
    OpenAITextEmbedding,
    OpenAITextToAudio,
)
from semantic_kernel.contents import ChatHistory

from told import CHAT_MODEL, EMBED_KEY, EMBED_MODEL, KEY, QUESTION, report, said, streamed, use_exported

SETTINGS = OpenAIChatPromptExecutionSettings()


def asked() -> ChatHistory:
    history = ChatHistory()
    history.add_user_message(QUESTION)
    return history


def run(call, base: str, key: str = KEY):
    """What `call` gives with a client for this base, in an event loop of its own."""

    async def made():
        async with AsyncOpenAI(base_url=base, api_key=key) as client:
            return await call(client)

    return asyncio.run(made())


async def chat(client: AsyncOpenAI) -> str:
    service = OpenAIChatCompletion(ai_model_id=CHAT_MODEL, async_client=client)
    return str(await service.get_chat_message_content(asked(), SETTINGS))


async def stream(client: AsyncOpenAI) -> dict:
    service = OpenAIChatCompletion(ai_model_id=CHAT_MODEL, async_client=client)
    chunks = service.get_streaming_chat_message_content(asked(), SETTINGS)
    return streamed([str(chunk) async for chunk in chunks])


async def embeddings(client: AsyncOpenAI) -> int:
    service = OpenAITextEmbedding(ai_model_id=EMBED_MODEL, async_client=client)
    return len(await service.generate_embeddings(["one", "two"]))


async def speech(client: AsyncOpenAI):
    service = OpenAITextToAudio(ai_model_id=CHAT_MODEL, async_client=client)
    return await service.get_audio_contents("hi")


def exported() -> str:
    use_exported()
    # Its client is made for each event loop anew.
    for name in [name for name in sys.modules if name == "semantic_kernel_gate"]:
        del sys.modules[name]
    import semantic_kernel_gate

    async def asked_it() -> str:
        answer = str(await semantic_kernel_gate.chat.get_chat_message_content(asked(), SETTINGS))
        vectors = await semantic_kernel_gate.embeddings.generate_embeddings(["one", "two"])
        assert len(vectors) == 2, vectors
        return answer

    return asyncio.run(asked_it())


def facts(base: str) -> dict:
    return {
        "chat": run(chat, base),
        "stream": run(stream, base),
        "embeddings": run(embeddings, base),
        "not_supported": said(lambda: run(speech, base)),
        "wrong_scope": said(lambda: run(chat, base, EMBED_KEY)),
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
