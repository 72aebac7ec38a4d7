"""The files of `signalbox export` for clients in Python: imported as they are, and asked.

Environment: EXPORTED is their folder, API_KEY the token that they read as SIGNALBOX_KEY, CLIENT the
client. Prints what the model said, and how many vectors two texts became.
"""

import json
import os
import sys

os.environ["SIGNALBOX_KEY"] = os.environ["API_KEY"]
sys.path.insert(0, os.environ["EXPORTED"])
QUESTION = 'What is "the weather" in Köln? 🚂'
MESSAGES = [{"role": "user", "content": QUESTION}]
TEXTS = ["one", "two"]


def openai() -> tuple:
    from openai_gate import CHAT_MODELS, EMBEDDING_MODELS, client

    reply = client.chat.completions.create(model=CHAT_MODELS[0], messages=MESSAGES)
    vectors = client.embeddings.create(model=EMBEDDING_MODELS[-1], input=TEXTS).data
    return reply.choices[0].message.content, vectors


def langchain() -> tuple:
    from langchain_gate import chat, embeddings

    return chat.invoke(QUESTION).text, embeddings.embed_documents(TEXTS)


def llamaindex() -> tuple:
    from llamaindex_gate import embed_model, llm

    return llm.complete(QUESTION).text, embed_model.get_text_embedding_batch(TEXTS)


def litellm() -> tuple:
    from litellm import completion, embedding
    from litellm_gate import CHAT, EMBEDDING

    reply = completion(messages=MESSAGES, **CHAT)
    return reply.choices[0].message.content, embedding(input=TEXTS, **EMBEDDING).data


if __name__ == "__main__":
    clients = {"openai": openai, "langchain": langchain, "llamaindex": llamaindex, "litellm": litellm}
    text, vectors = clients[os.environ["CLIENT"]]()
    print(json.dumps({"chat": text, "vectors": len(vectors)}))
