"""LiteLLM's SDK, pointed at the gate: `litellm.completion(**CHAT, messages=…)`. The key comes from the environment."""

import os

GATE = {"api_base": @{base}, "api_key": os.environ["SIGNALBOX_KEY"]}

CHAT = {"model": @{openai/+chat}, **GATE}
@if embed
EMBEDDING = {"model": @{openai/+embed}, **GATE}
@end
