"""Semantic Kernel for Python, pointed at the gate. The key comes from the environment."""

import os

from openai import AsyncOpenAI
@if embed
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion, OpenAITextEmbedding
@end
@if no_embed
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
@end

# Its services have no `base_url`: they take a client that has one.
client = AsyncOpenAI(base_url=@{base}, api_key=os.environ["SIGNALBOX_KEY"])
chat = OpenAIChatCompletion(ai_model_id=@{chat}, async_client=client)
@if embed
embeddings = OpenAITextEmbedding(ai_model_id=@{embed}, async_client=client)
@end
