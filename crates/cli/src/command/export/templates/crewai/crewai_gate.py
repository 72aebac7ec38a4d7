"""CrewAI, pointed at the gate: `Agent(llm=llm, …)`. The key comes from the environment."""

import os

from crewai import LLM

# `openai/` before the name: CrewAI guesses a provider for a bare one.
llm = LLM(model=@{openai/+chat}, base_url=@{base}, api_key=os.environ["SIGNALBOX_KEY"])
CHAT_MODELS = @{[chats]}
