"""LangChain for Python, pointed at the gate. The key comes from the environment."""

import os

@if embed
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
@end
@if no_embed
from langchain_openai import ChatOpenAI
@end

GATE = {"base_url": @{base}, "api_key": os.environ["SIGNALBOX_KEY"]}
CHAT_MODELS = @{[chats]}

chat = ChatOpenAI(model=@{chat}, **GATE)
@if embed
# Without `check_embedding_ctx_length=False` the ids of tokens are sent in place of text.
embeddings = OpenAIEmbeddings(model=@{embed}, check_embedding_ctx_length=False, **GATE)
@end
