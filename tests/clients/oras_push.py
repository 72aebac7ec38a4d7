"""Pushes a component to a registry as its users do, with oras; prints what came of it as JSON.

Environment: REGISTRY (host:port), TARGET (name:tag), FILE (relative to here), STATEMENT, and
perhaps USERNAME and PASSWORD.
"""

import json
import os

import oras.client

registry = os.environ["REGISTRY"]
client = oras.client.OrasClient(hostname=registry, insecure=True, auth_backend="basic")
if "USERNAME" in os.environ:
    client.auth.set_basic_auth(os.environ["USERNAME"], os.environ["PASSWORD"])
answer = client.push(
    target=f"{registry}/{os.environ['TARGET']}",
    files=[f"{os.environ['FILE']}:application/wasm"],
    manifest_annotations={"dev.signalbox.statement": os.environ["STATEMENT"]},
    disable_path_validation=True,
)
answer.raise_for_status()
print(json.dumps({"digest": answer.headers["Docker-Content-Digest"]}))
