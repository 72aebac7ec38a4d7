"""What the scripts here are told through their environment, and how they answer.

`BASE_URLS` are one or more base URLs: a script does the same at each, in one process, and prints
what came of it as one JSON array with an entry for each base.
"""

import json
import os

KEY = os.environ["API_KEY"]
# A key whose only scope is `inference:chat`, under the same policy.
CHAT_KEY = os.environ.get("CHAT_KEY", "")

# Words that a careless rewrite of JSON would change.
QUESTION = 'What is "the weather" in Köln? 🚂'

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def report(facts) -> None:
    """Prints what `facts` gives for each base."""
    print(json.dumps([facts(base) for base in os.environ["BASE_URLS"].split()]))
