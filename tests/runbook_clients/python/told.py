"""What the scripts here are told through their environment, and how they answer.

`BASE_URLS` are one or more base URLs. A script does the same at each and prints one JSON array, with
an object for each base: `chat` and `stream` are what the model said, in one piece and in several;
`models` and `embeddings` are there if the client has them; `not_supported` and `wrong_scope` are the
words that the client showed when it was refused; `exported` is what the model said to a client that was
set up by the files of `signalbox export`, in the folder `EXPORTED`, and by nothing else.
"""

import json
import os
import sys
from pathlib import Path

# Out of the environment: Langflow sends no secret that stands there to a host of the user's.
KEY = os.environ.pop("API_KEY")
# A key whose only scope is `inference:embed`, under the same policy: it may not chat.
EMBED_KEY = os.environ.pop("EMBED_KEY")
CHAT_MODEL = "gpt-4o"
EMBED_MODEL = "text-embedding-3-small"
# The files of `signalbox export`, as they came from it.
EXPORTED = Path(os.environ["EXPORTED"])
# Words that a careless rewrite of JSON would change.
QUESTION = 'What is "the weather" in Köln? 🚂'


def bases() -> list:
    return os.environ["BASE_URLS"].split()


def use_exported() -> None:
    """What whoever pastes the files does: the token into the environment, the files where Python finds them."""
    os.environ["SIGNALBOX_KEY"] = KEY
    sys.path.insert(0, str(EXPORTED))


def report(facts) -> None:
    """Prints what `facts` gives for each base."""
    print(json.dumps([facts(base) for base in bases()]))


def streamed(pieces: list) -> dict:
    return {"text": "".join(pieces), "in_pieces": len(pieces) > 2}


def said(call) -> str | None:
    """The words that whoever makes this call reads; nothing if it is not refused."""
    try:
        call()
    except Exception as error:  # each client has types of its own
        return chain(error)
    return None


def chain(error: BaseException) -> str:
    """An error and what it came from: what stands in a trace."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return "; ".join(str(error) for error in seen)
