"""How Python's JSON decoders read bodies: the model each finds.

In: a body a line, in base64. Out, for each: a JSON object, by decoder null for a body it refuses,
else the models it finds in hexadecimal, `?` for one that is no string.
"""

import base64
import json
import sys

import jiter
import orjson
import pydantic_core

DECODERS = {
    # Of bytes it guesses the encoding; of text it is what most frameworks call.
    "python json": json.loads,
    "python json of text": lambda body: json.loads(body.decode("utf-8", "replace")),
    "orjson": orjson.loads,
    "jiter": jiter.from_json,
    "pydantic": pydantic_core.from_json,
}


def found(decode, body: bytes) -> list | None:
    try:
        read = decode(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    if "model" not in read:
        return []
    model = read["model"]
    is_text = isinstance(model, str)
    return [model.encode("utf-8", "surrogatepass").hex() if is_text else "?"]


for line in sys.stdin:
    body = base64.b64decode(line)
    print(json.dumps({name: found(decode, body) for name, decode in DECODERS.items()}))
