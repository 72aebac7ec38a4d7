"""Langflow: a flow of its chat input, its OpenAI component and its chat output, run by its executor."""

import asyncio
import json
import os

# Its components refuse an address of a private network unless the operator allows it.
os.environ["LANGFLOW_SSRF_ALLOWED_HOSTS"] = "127.0.0.1"

from lfx.components.input_output import ChatInput, ChatOutput
from lfx.graph import Graph
from lfx_openai.components.openai.openai import OpenAIEmbeddingsComponent
from lfx_openai.components.openai.openai_chat_model import OpenAIModelComponent

from told import CHAT_MODEL, EMBED_KEY, EMBED_MODEL, EXPORTED, KEY, QUESTION, report, said, streamed


def component(base: str, key: str = KEY) -> OpenAIModelComponent:
    model = OpenAIModelComponent(_id="model")
    return model.set(model_name=CHAT_MODEL, openai_api_base=base, api_key=key)


def flow(base: str, key: str = KEY) -> str:
    return flow_of(component(base, key))


def exported() -> str:
    """A component with the fields that it is to have, the token typed in."""
    fields = json.loads((EXPORTED / "openai_component.json").read_text()) | {"api_key": KEY}
    return flow_of(OpenAIModelComponent(_id="model").set(**fields))


def flow_of(model: OpenAIModelComponent) -> str:
    """What comes out of the flow."""
    question = ChatInput(_id="question").set(input_value=QUESTION, should_store_message=False)
    model = model.set(input_value=question.message_response)
    answer = ChatOutput(_id="answer").set(input_value=model.text_response, should_store_message=False)

    async def run() -> str:
        async for _ in Graph(question, answer).async_start():
            pass
        return answer.get_output_by_method(answer.message_response).value.text

    return asyncio.run(run())


def stream(base: str) -> dict:
    return streamed([chunk.text for chunk in component(base).build_model().stream(QUESTION)])


def embed(base: str):
    embeddings = OpenAIEmbeddingsComponent(_id="embeddings")
    embeddings.set(model=EMBED_MODEL, openai_api_base=base, openai_api_key=KEY)
    built = embeddings.build_embeddings()
    # Without this it fetches a table of tokens from outside.
    built.check_embedding_ctx_length = False
    return built.embed_query("one")


def facts(base: str) -> dict:
    return {
        "chat": flow(base),
        "stream": stream(base),
        "not_supported": said(lambda: embed(base)),
        "wrong_scope": said(lambda: flow(base, EMBED_KEY)),
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
