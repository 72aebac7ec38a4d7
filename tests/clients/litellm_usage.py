"""What LiteLLM's SDK counts of its own traffic, as its callbacks are told; prints the sums as one JSON object.

Environment: BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL.
"""

import json
import os
import queue

import litellm

HERE = {"api_base": os.environ["BASE_URL"], "api_key": os.environ["API_KEY"]}
CHAT = f"openai/{os.environ['CHAT_MODEL']}"
EMBED = f"openai/{os.environ['EMBED_MODEL']}"
TOLD: queue.Queue = queue.Queue()


def told(kwargs, response, _start, _end) -> None:
    """LiteLLM's callback for what it has counted; of a stream it is called with each chunk, too."""
    if kwargs.get("stream"):
        response = kwargs.get("complete_streaming_response")
    if response is not None:
        TOLD.put(response.usage)


def details(cached: int, reasoning: int) -> dict:
    """What asks the simulator for these details."""
    metadata = {"gt_sim_cached_tokens": str(cached), "gt_sim_reasoning_tokens": str(reasoning)}
    return {"extra_body": {"metadata": metadata}}


def traffic():
    """Requests of every shape whose answers say what they took, each counted before the next."""
    for words in (1, 7, 300):
        # LiteLLM takes a word that is said again and again for a broken model.
        text = " ".join(f"word{number}" for number in range(words))
        messages = [{"role": "user", "content": text}]
        for more in ({}, details(0, 0), details(words // 2, 11)):
            yield litellm.completion(model=CHAT, messages=messages, **more, **HERE)
            options = {"stream": True, "stream_options": {"include_usage": True}}
            yield list(litellm.completion(model=CHAT, messages=messages, **options, **more, **HERE))
        yield litellm.embedding(model=EMBED, input=[text, "another one"], **HERE)


def part(details, name: str) -> int:
    return getattr(details, name, None) or 0


def main() -> None:
    litellm.success_callback = [told]
    sums = {"requests": 0, "prompt": 0, "completion": 0, "cached": 0, "reasoning": 0}
    for _ in traffic():
        usage = TOLD.get(timeout=60)
        sums["requests"] += 1
        sums["prompt"] += usage.prompt_tokens
        sums["completion"] += usage.completion_tokens or 0
        sums["cached"] += part(usage.prompt_tokens_details, "cached_tokens")
        sums["reasoning"] += part(usage.completion_tokens_details, "reasoning_tokens")
    # Here GT says nothing, and LiteLLM guesses.
    messages = [{"role": "user", "content": "Say hello."}]
    silent = litellm.completion(model=CHAT, messages=messages, stream=True, **HERE)
    sums["silent"] = len(list(silent)) > 0
    print(json.dumps(sums))


main()
