"""LlamaIndex, pointed at the gate. The key comes from the environment."""

import os

@if embed
from llama_index.embeddings.openai import OpenAIEmbedding
@end
from llama_index.llms.openai_like import OpenAILike

GATE = {"api_base": @{base}, "api_key": os.environ["SIGNALBOX_KEY"]}
CHAT_MODELS = @{[chats]}

# `OpenAILike`, not `OpenAI`, which sends only names that it knows.
llm = OpenAILike(model=@{chat}, is_chat_model=True, is_function_calling_model=True, **GATE)
@if embed
# `model_name`, for the same reason.
embed_model = OpenAIEmbedding(model_name=@{embed}, **GATE)
@end
