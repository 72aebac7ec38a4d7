"""LangChain for Python: chat, stream, tools, embeddings; see `told.py`."""

import httpx
import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from told import CHAT_KEY, KEY, QUESTION, report


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


def chat_model(base: str, model: str = "gpt-4o", key: str = KEY, **more) -> ChatOpenAI:
    return ChatOpenAI(base_url=base, api_key=key, model=model, **more)


def embeddings(base: str, key: str = KEY, **more) -> OpenAIEmbeddings:
    # Without this, LangChain sends token ids, and fetches their table from outside first.
    return OpenAIEmbeddings(
        base_url=base,
        api_key=key,
        model="text-embedding-3-small",
        check_embedding_ctx_length=False,
        **more,
    )


def chat(llm: ChatOpenAI) -> dict:
    reply = llm.invoke(QUESTION)
    return {
        "text": reply.text,
        "model": reply.response_metadata["model_name"],
        "finish_reason": reply.response_metadata["finish_reason"],
        "counts_tokens": reply.usage_metadata["total_tokens"] > 0,
    }


def stream(llm: ChatOpenAI) -> dict:
    chunks = list(llm.stream(QUESTION))
    whole = sum(chunks[1:], chunks[0])
    return {
        "text": whole.text,
        "model": whole.response_metadata["model_name"],
        "in_pieces": len(chunks) > 2,
        "counts_tokens": whole.usage_metadata["total_tokens"] > 0,
    }


def tools(llm: ChatOpenAI) -> dict:
    """A whole turn with a tool: asked for, run here, its result answered."""
    bound = llm.bind_tools([get_weather])
    asked = HumanMessage("get_weather of Köln")
    reply = bound.invoke([asked])
    [call] = reply.tool_calls
    result = get_weather.invoke(call)
    assert isinstance(result, ToolMessage)
    streamed = list(bound.stream([asked]))
    [streamed_call] = sum(streamed[1:], streamed[0]).tool_calls
    return {
        "call": [call["name"], call["args"]],
        "streamed_call": [streamed_call["name"], streamed_call["args"]],
        "afterwards": bound.invoke([asked, reply, result]).text,
    }


def vectors(model: OpenAIEmbeddings) -> dict:
    documents = model.embed_documents(["one", "two"])
    query = model.embed_query("one")
    close = all(abs(a - b) < 1e-6 for a, b in zip(query, documents[0], strict=True))
    return {"vectors": len(documents), "query_is_document": close}


def refused(call, sent: list) -> dict:
    try:
        call()
    except openai.APIStatusError as error:
        return {"raised": type(error).__name__, "code": error.code, "sent": len(sent)}
    return {"raised": None}


def facts(base: str) -> dict:
    sent = []
    counting = httpx.Client(event_hooks={"request": [sent.append]})
    unknown = chat_model(base, model="no-such-model", http_client=counting)
    facts = {
        "chat": chat(chat_model(base)),
        "stream": stream(chat_model(base, stream_usage=True)),
        "tools": tools(chat_model(base)),
        "embeddings": vectors(embeddings(base)),
        "unknown_model": refused(lambda: unknown.invoke("hi"), sent),
    }
    sent.clear()
    poor = embeddings(base, key=CHAT_KEY, http_client=counting)
    facts["no_scope"] = refused(lambda: poor.embed_query("hi"), sent)
    # What the Responses API gives whoever turns it on.
    sent.clear()
    other = chat_model(base, use_responses_api=True, http_client=counting)
    facts["responses"] = refused(lambda: other.invoke("hi"), sent)
    return facts


if __name__ == "__main__":
    report(facts)
