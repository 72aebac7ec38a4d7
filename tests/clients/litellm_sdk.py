"""LiteLLM's SDK against a base URL, as GT's runbook configures it; prints facts as one JSON object.

Environment: BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL.
"""

import json
import os

import litellm

HERE = {"api_base": os.environ["BASE_URL"], "api_key": os.environ["API_KEY"]}
CHAT = f"openai/{os.environ['CHAT_MODEL']}"
EMBED = f"openai/{os.environ['EMBED_MODEL']}"
MESSAGES = [{"role": "user", "content": "Say hello."}]


def chat() -> dict:
    reply = litellm.completion(model=CHAT, messages=MESSAGES, **HERE)
    choice = reply.choices[0]
    return {
        "object": reply.object,
        "model": reply.model,
        "role": choice.message.role,
        "text": choice.message.content,
        "finish_reason": choice.finish_reason,
        "counts_tokens": reply.usage.total_tokens > 0,
    }


def stream() -> dict:
    chunks = list(litellm.completion(model=CHAT, messages=MESSAGES, stream=True, **HERE))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    return {
        "objects": sorted({chunk.object for chunk in chunks}),
        "models": sorted({chunk.model for chunk in chunks}),
        "text": "".join(choice.delta.content or "" for choice in choices),
        "finish_reason": choices[-1].finish_reason,
        "in_pieces": len(chunks) > 2,
    }


def embed() -> dict:
    reply = litellm.embedding(model=EMBED, input=["one", "two"], **HERE)
    return {
        "object": reply.object,
        "model": reply.model,
        "vectors": len(reply.data),
        "same_length": len({len(entry["embedding"]) for entry in reply.data}) == 1,
    }


def refusal(call) -> dict:
    try:
        call()
    except Exception as error:  # LiteLLM raises its own copies of the OpenAI SDK's types
        return {
            "raised": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "code": getattr(error, "code", None),
        }
    return {"raised": None}


def facts() -> dict:
    models = litellm.get_valid_models(
        check_provider_endpoint=True, custom_llm_provider="openai", **HERE
    )
    return {
        "models": models,
        "chat": chat(),
        "stream": stream(),
        "embeddings": embed(),
        "unknown_model": refusal(
            lambda: litellm.completion(model="openai/no-such-model", messages=MESSAGES, **HERE)
        ),
        "speech": refusal(
            lambda: litellm.speech(model=CHAT, voice="alloy", input="hi", **HERE).read()
        ),
        "images": refusal(lambda: litellm.image_generation(model=CHAT, prompt="hi", **HERE)),
        "wrong_key": refusal(
            lambda: litellm.completion(
                model=CHAT, messages=MESSAGES, api_base=HERE["api_base"], api_key="gtak_wrong"
            )
        ),
    }


if __name__ == "__main__":
    print(json.dumps(facts()))
