"""Aider: the command itself, as a person runs it, and the call behind its `/voice`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from told import CHAT_MODEL, EMBED_KEY, EXPORTED, KEY, QUESTION, report, said

QUIET = [
    *("--no-git", "--yes-always", "--no-pretty", "--no-show-release-notes"),
    *("--no-check-update", "--no-show-model-warnings", "--analytics-disable"),
]
ARGUMENTS = ["--model", f"openai/{CHAT_MODEL}", *QUIET]


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
    return line_of_model(aider(base, KEY, how).communicate()[0])


def line_of_model(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.startswith("You said: ")]
    assert len(lines) == 1, printed
    return lines[0]


def exported() -> str:
    """What it says that is set up by a file in its folder, and started by the script beside that."""
    shutil.copy(EXPORTED / ".aider.conf.yml", ".aider.conf.yml")
    environment = os.environ | {"SIGNALBOX_KEY": KEY, "COLUMNS": "1000"}
    environment["PATH"] = f"{Path(sys.prefix, 'bin')}:{environment['PATH']}"
    command = ["sh", EXPORTED / "aider.sh", *QUIET, "--no-stream", "--message", QUESTION]
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    os.remove(".aider.conf.yml")
    return line_of_model(ran.stdout)


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
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
