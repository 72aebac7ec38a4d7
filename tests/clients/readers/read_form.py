"""How Python's multipart readers read forms: the models each finds.

In: a form a line, its content type and its body in base64. Out, for each: a JSON object, by reader
null for a form it refuses, else every value it has under `model` in hexadecimal, `?` for a file.
"""

import asyncio
import base64
import cgi
import email.parser
import email.policy
import io
import json
import sys

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header


def by_email(kind: bytes, body: bytes, policy) -> list | None:
    head = b"Content-Type: " + kind + b"\r\n\r\n"
    message = email.parser.BytesParser(policy=policy).parsebytes(head + body)
    if not message.is_multipart():
        return None
    values = []
    # A nested form's fields too: some servers flatten them.
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, tuple):
            name = email.utils.collapse_rfc2231_value(name)
        if name == "model" and not part.is_multipart():
            values.append("?" if part.get_filename() else part.get_payload(decode=True).hex())
    return values


def by_cgi(kind: bytes, body: bytes) -> list | None:
    environment = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": kind.decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
    }
    form = cgi.FieldStorage(fp=io.BytesIO(body), environ=environment, encoding="latin-1")

    def values(field) -> list:
        # A nested form is a field with fields; its names count as well.
        if isinstance(field.value, list):
            return [value for inner in field.value for value in values(inner)]
        if field.name != "model":
            return []
        return ["?" if field.filename else field.value.encode("latin-1").hex()]

    return values(form)


def by_starlette(kind: bytes, body: bytes) -> list | None:
    """Which is python-multipart, as FastAPI uses it."""

    async def stream():
        yield body

    headers = Headers({"content-type": kind.decode("latin-1")})
    form = LOOP.run_until_complete(MultiPartParser(headers, stream()).parse())
    values = form.getlist("model")
    return [value.encode().hex() if isinstance(value, str) else "?" for value in values]


def by_werkzeug(kind: bytes, body: bytes) -> list | None:
    essence, options = parse_options_header(kind.decode("latin-1"))
    parser = FormDataParser(silent=False)
    _, form, files = parser.parse(io.BytesIO(body), essence.lower(), len(body), options)
    return [value.encode().hex() for value in form.getlist("model")] + ["?"] * len(
        files.getlist("model")
    )


LOOP = asyncio.new_event_loop()
READERS = {
    "python email": lambda *form: by_email(*form, email.policy.HTTP),
    "python email, compat32": lambda *form: by_email(*form, email.policy.compat32),
    "python cgi": by_cgi,
    "starlette": by_starlette,
    "werkzeug": by_werkzeug,
}
# A reader may fail in its own code on a strange form; no model is found then either.
FAILURES = (
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    TypeError,
    AssertionError,
    LookupError,
    MultiPartException,
    HTTPException,
    email.errors.MessageError,
)


def found(read, kind: bytes, body: bytes) -> list | None:
    try:
        return read(kind, body)
    except FAILURES:
        return None


for line in sys.stdin:
    form = [base64.b64decode(word) for word in line.rstrip("\n").split(" ")]
    print(json.dumps({name: found(read, *form) for name, read in READERS.items()}))
