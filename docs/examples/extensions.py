"""GT's own routes from Python, with plain HTTP requests: files for a conversation, files for a dataset.

    python3 extensions.py conversation FILE QUESTION    a conversation with a file, and a question about it
    python3 extensions.py continue ID QUESTION          another question in that conversation
    python3 extensions.py dataset NAME FILE             a file for a dataset

GT_API_BASE_URL is the base without `/v1`, for here the paths are written out: for example
`https://signalbox.example/api/tenant`. GT_API_KEY is a key for conversations, or for uploads.
"""

import os
import sys
import time

import requests

BASE = os.environ["GT_API_BASE_URL"].rstrip("/")
MODEL = os.environ.get("GT_MODEL", "gpt-4o")
PAUSE = float(os.environ.get("GT_POLL_SECONDS", "1"))
CONVERSATION = "X-GT-Conversation-Id"

http = requests.Session()
http.headers["Authorization"] = f"Bearer {os.environ['GT_API_KEY']}"


def answer(reply: requests.Response) -> requests.Response:
    """The answer, unless it is a refusal: those say what to do next."""
    if not reply.ok:
        error = reply.json()["error"]
        sys.exit(f"{reply.status_code} {error['code']}: {error['message']}")
    return reply


def begin(title: str) -> str:
    """A new conversation. The name must be one that the key may use, as for chat."""
    reply = http.post(f"{BASE}/v1/conversations", json={"model": MODEL, "title": title})
    return answer(reply).headers[CONVERSATION]


def upload(path: str, file: str, **headers: str) -> str:
    """Sends a file; it is processed afterwards. Gives the id to ask about it."""
    with open(file, "rb") as content:
        reply = http.post(f"{BASE}{path}", files={"file": content}, headers=headers)
    return answer(reply).json()["id"]


def wait_until_ready(file_id: str) -> None:
    """Only what is `ready` is used in answers."""
    while True:
        status = answer(http.get(f"{BASE}/v1/files/{file_id}")).json()["status"]
        if status in ("ready", "failed"):
            break
        time.sleep(PAUSE)
    print(f"{file_id}: {status}")
    if status == "failed":
        sys.exit("GT could not process the file")


def ask(conversation: str, question: str) -> None:
    """Chat in the conversation: without the header it would be a question of its own."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": question}]}
    reply = http.post(
        f"{BASE}/v1/chat/completions", json=body, headers={CONVERSATION: conversation}
    )
    print(f"{conversation}: {answer(reply).json()['choices'][0]['message']['content']}")


match sys.argv[1:]:
    case ["conversation", file, question]:
        conversation = begin(file)
        file_id = upload("/v1/conversations/files", file, **{CONVERSATION: conversation})
        wait_until_ready(file_id)
        ask(conversation, question)
    case ["continue", conversation, question]:
        ask(conversation, question)
    case ["dataset", name, file]:
        wait_until_ready(upload(f"/v1/datasets/{name}/files", file))
    case _:
        sys.exit(__doc__)
