"""CrewAI: its environment variables name the base, and an agent of a crew answers a task."""

import os

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", OTEL_SDK_DISABLED="true", CREWAI_TRACING_ENABLED="false")

from crewai import LLM, Agent, Crew, Task
from crewai.events import LLMStreamChunkEvent, crewai_event_bus
from crewai.rag.embeddings.factory import build_embedder

from told import CHAT_MODEL, EMBED_KEY, EMBED_MODEL, KEY, QUESTION, report, said, streamed, use_exported


def llm(**more) -> LLM:
    return LLM(model=f"openai/{CHAT_MODEL}", **more)


def stream() -> dict:
    pieces = []
    with crewai_event_bus.scoped_handlers():

        @crewai_event_bus.on(LLMStreamChunkEvent)
        def heard(_source, event: LLMStreamChunkEvent) -> None:
            pieces.append(event.chunk)

        llm(stream=True).call(QUESTION)
        crewai_event_bus.flush()
    return streamed(pieces)


def crew() -> bool:
    """Whether a crew of one answers: its words have the task's in them, and more."""
    agent = Agent(role="forecaster", goal="tell the weather", backstory="You look out.", llm=llm())
    task = Task(description=QUESTION, expected_output="a sentence", agent=agent)
    return QUESTION in Crew(agents=[agent], tasks=[task]).kickoff().raw


def embed(base: str):
    config = {"api_key": KEY, "api_base": base, "model_name": EMBED_MODEL}
    return build_embedder({"provider": "openai", "config": config})(["one"])


def exported() -> str:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        del os.environ[name]
    use_exported()
    import crewai_gate

    return crewai_gate.llm.call(QUESTION)


def facts(base: str) -> dict:
    os.environ.update(OPENAI_BASE_URL=base, OPENAI_API_KEY=KEY)
    return {
        "chat": llm().call(QUESTION),
        "stream": stream(),
        "agent": crew(),
        "not_supported": said(lambda: embed(base)),
        "wrong_scope": said(lambda: llm(api_key=EMBED_KEY).call(QUESTION)),
        "exported": exported(),
    }


if __name__ == "__main__":
    report(facts)
