"""Whether documents are valid OpenAPI 3.1: `FILES` are their paths. Prints what is wrong with each."""

import json
import os

from openapi_spec_validator import OpenAPIV31SpecValidator


def wrong(path: str) -> list[str]:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if not document["openapi"].startswith("3.1."):
        return ["it is of another version"]
    return [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


print(json.dumps([wrong(path) for path in os.environ["FILES"].split()]))
