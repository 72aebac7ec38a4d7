"""LlamaIndex: OpenAILike for chat and stream, OpenAIEmbedding; see `told.py`."""

import httpx
import openai
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI
from llama_index.llms.openai_like import OpenAILike
from told import CHAT_KEY, KEY, QUESTION, report


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def llm(base: str, model: str = "gpt-4o", **more) -> OpenAILike:
    return OpenAILike(
        api_base=base,
        api_key=KEY,
        model=model,
        is_chat_model=True,
        is_function_calling_model=True,
        **more,
    )


def embedder(base: str, key: str = KEY, **more) -> OpenAIEmbedding:
    # `model_name`, for `model` takes only names the package knows.
    return OpenAIEmbedding(
        api_base=base, api_key=key, model_name="text-embedding-3-small", **more
    )


def refused(call) -> dict:
    sent = []
    counting = httpx.Client(event_hooks={"request": [sent.append]})
    try:
        call(counting)
    except openai.APIStatusError as error:
        return {"raised": type(error).__name__, "code": error.code, "sent": len(sent)}
    except ValueError as error:
        # Its class for OpenAI itself looks the name up in a table before it sends anything.
        about = str(error).split(".")[0]
        return {"raised": "ValueError", "about": about, "sent": len(sent)}
    return {"raised": None}


def facts(base: str) -> dict:
    messages = [ChatMessage(role="user", content=QUESTION)]
    reply = llm(base).chat(messages)
    pieces = list(llm(base).stream_chat(messages))
    tool = FunctionTool.from_defaults(get_weather)
    called = llm(base).predict_and_call([tool], user_msg="get_weather of Köln")
    texts = embedder(base).get_text_embedding_batch(["one", "two"])
    query = embedder(base).get_query_embedding("one")
    return {
        "chat": {"text": reply.message.content, "model": reply.raw.model},
        "complete": llm(base).complete(QUESTION).text,
        "stream": {
            "text": pieces[-1].message.content,
            "in_pieces": len(pieces) > 2,
            "models": sorted({piece.raw.model for piece in pieces}),
        },
        "tools": called.response,
        "embeddings": {
            "vectors": len(texts),
            "query_is_document": all(
                abs(a - b) < 1e-6 for a, b in zip(query, texts[0], strict=True)
            ),
        },
        "unknown_model": refused(
            lambda counting: llm(base, model="no-such-model", http_client=counting).chat(messages)
        ),
        "no_scope": refused(
            lambda counting: embedder(
                base, key=CHAT_KEY, http_client=counting
            ).get_text_embedding("hi")
        ),
        "class_for_openai_itself": refused(
            lambda counting: OpenAI(
                api_base=base, api_key=KEY, model="support", http_client=counting
            ).chat(messages)
        ),
    }


if __name__ == "__main__":
    report(facts)
