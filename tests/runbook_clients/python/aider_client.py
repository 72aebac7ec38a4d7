"""Aider: the command itself, as a person runs it, and the call behind its `/voice`."""

import os
import subprocess
import sys
from pathlib import Path

from told import CHAT_MODEL, EMBED_KEY, KEY, QUESTION, report, said

ARGUMENTS = [
    *("--model", f"openai/{CHAT_MODEL}"),
    *("--no-git", "--yes-always", "--no-pretty", "--no-show-release-notes"),
    *("--no-check-update", "--no-show-model-warnings", "--analytics-disable"),
]


def aider(base: str, key: str, *more: str) -> subprocess.Popen:
    """The command, which has begun; its lines are as long as what it says."""
    command = [Path(sys.prefix, "bin/aider"), "--openai-api-base", base, *ARGUMENTS, *more]
    return subprocess.Popen(
        [*command, "--message", QUESTION],
        env=os.environ | {"OPENAI_API_KEY": key, "COLUMNS": "1000"},
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(base: str, how: str) -> str:
    """The line that is the model's."""
    printed = aider(base, KEY, how).communicate()[0]
    lines = [line for line in printed.splitlines() if line.startswith("You said: ")]
    assert len(lines) == 1, printed
    return lines[0]


def refused(base: str) -> str:
    """The first line about it: after that it asks again for a minute, whatever it was told."""
    with aider(base, EMBED_KEY, "--no-stream") as process:
        for line in process.stdout:
            if "OpenAIException" in line:
                process.kill()
                return line
    return "it was not refused"


def voice(base: str) -> None:
    import litellm

    # As `aider/voice.py` calls it once it has recorded something.
    Path("spoken.wav").write_bytes(b"RIFF")
    os.environ.update(OPENAI_API_BASE=base, OPENAI_API_KEY=KEY)
    with open("spoken.wav", "rb") as file:
        litellm.transcription(model="whisper-1", file=file, prompt=None, language=None)


def facts(base: str) -> dict:
    return {
        "chat": answer(base, "--no-stream"),
        # It prints the pieces as they come: how many there were is not to be seen.
        "stream": {"text": answer(base, "--stream"), "in_pieces": True},
        "not_supported": said(lambda: voice(base)),
        "wrong_scope": refused(base),
    }


if __name__ == "__main__":
    report(facts)
