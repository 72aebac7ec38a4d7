"""Hermes Agent: its one-shot command with a configuration file, and its speech tool."""

import json
import os
import subprocess
import sys
from pathlib import Path

from told import CHAT_MODEL, EMBED_KEY, EXPORTED, KEY, QUESTION, report, streamed

CONFIG = Path.home() / ".hermes/config.yaml"


def configure(base: str, key: str) -> None:
    model = {"provider": "custom", "base_url": base, "api_key": key, "default": CHAT_MODEL}
    custom = {"name": "gt", "base_url": base, "api_key": key, "api_mode": "chat_completions"}
    speech = {"provider": "openai", "openai": {"base_url": base, "api_key": key}}
    config = {"model": model, "custom_providers": [custom], "tts": speech}
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text(json.dumps(config))  # JSON is YAML


def hermes(base: str, key: str) -> str:
    """What it prints: nothing but the answer, or why there is none."""
    configure(base, key)
    return printed()


def printed(**environment: str) -> str:
    command = [Path(sys.prefix, "bin/hermes"), "-z", QUESTION]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)
    return (ran.stdout or ran.stderr).strip()


def stream(base: str) -> dict:
    from run_agent import AIAgent

    configure(base, KEY)
    agent = AIAgent(base_url=base, api_key=KEY, model=CHAT_MODEL, quiet_mode=True)
    pieces = []
    agent.run_conversation(QUESTION, stream_callback=pieces.append)
    return streamed(pieces)


def speech(base: str) -> str:
    configure(base, KEY)
    os.environ["VOICE_TOOLS_OPENAI_KEY"] = KEY
    from tools.tts_tool import text_to_speech_tool

    return text_to_speech_tool("hi", output_path=str(Path.home() / "hi.mp3"))


def exported() -> str:
    CONFIG.write_text((EXPORTED / "config.yaml").read_text())
    return printed(SIGNALBOX_KEY=KEY)


def facts(base: str) -> dict:
    return {
        "chat": hermes(base, KEY),
        "stream": stream(base),
        "not_supported": speech(base),
        "wrong_scope": hermes(base, EMBED_KEY),
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
