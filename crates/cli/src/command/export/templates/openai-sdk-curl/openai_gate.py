"""OpenAI's SDK for Python, pointed at the gate. The key comes from the environment."""

import os

from openai import OpenAI

client = OpenAI(base_url=@{base}, api_key=os.environ["SIGNALBOX_KEY"])
CHAT_MODELS = @{[chats]}
EMBEDDING_MODELS = @{[embeds]}
