// LibreChat: the agents package that its server answers every chat with.

import { HumanMessage } from "@langchain/core/messages";
import { Providers, Run } from "@librechat/agents";

import { CHAT_MODEL, EMBED_KEY, KEY, QUESTION, report, said, streamed } from "../told.mjs";

/** The pieces of an answer. The server's custom endpoint is the provider `openAI` with a base. */
async function asked(baseURL, apiKey, streaming) {
  const pieces = [];
  const run = await Run.create({
    runId: "trial",
    returnContent: true,
    graphConfig: {
      type: "standard",
      instructions: "",
      llmConfig: { provider: Providers.OPENAI, model: CHAT_MODEL, apiKey, streaming, maxRetries: 0, configuration: { baseURL } },
    },
    customHandlers: {
      on_message_delta: { handle: (_event, { delta }) => pieces.push(delta.content[0].text) },
    },
  });
  const thread = { configurable: { thread_id: "trial" }, streamMode: "values", version: "v2" };
  await run.processStream({ messages: [new HumanMessage(QUESTION)] }, thread);
  return pieces;
}

await report(async (base) => ({
  chat: (await asked(base, KEY, false)).join(""),
  stream: streamed(await asked(base, KEY, true)),
  wrong_scope: await said(() => asked(base, EMBED_KEY, true)),
}));
