// LibreChat: the agents package that its server answers every chat with, and the schema of its configuration.

import { HumanMessage } from "@langchain/core/messages";
import { Providers, Run } from "@librechat/agents";

import { configSchema, extractEnvVariable } from "librechat-data-provider";
import { load } from "js-yaml";

import { CHAT_MODEL, EMBED_KEY, exportedText, KEY, QUESTION, report, said, streamed } from "../told.mjs";

/** The pieces of an answer. The server's custom endpoint is the provider `openAI` with a base. */
async function asked(baseURL, apiKey, streaming, model = CHAT_MODEL) {
  const pieces = [];
  const run = await Run.create({
    runId: "trial",
    returnContent: true,
    graphConfig: {
      type: "standard",
      instructions: "",
      llmConfig: { provider: Providers.OPENAI, model, apiKey, streaming, maxRetries: 0, configuration: { baseURL } },
    },
    customHandlers: {
      on_message_delta: { handle: (_event, { delta }) => pieces.push(delta.content[0].text) },
    },
  });
  const thread = { configurable: { thread_id: "trial" }, streamMode: "values", version: "v2" };
  await run.processStream({ messages: [new HumanMessage(QUESTION)] }, thread);
  return pieces;
}

/** Its server reads the file, looks at it and hands its agents what the endpoint says. */
async function exported() {
  const written = load(exportedText("librechat.yaml"));
  const config = configSchema.strict().parse(written);
  const [endpoint] = config.endpoints.custom;
  // What it does not know it takes away.
  const unknown = Object.keys(written.endpoints.custom[0]).filter((key) => !(key in endpoint));
  if (unknown.length > 0) throw new Error(`unknown to it: ${unknown}`);
  const { apiKey, baseURL, models } = endpoint;
  process.env.SIGNALBOX_KEY = KEY;
  const pieces = await asked(extractEnvVariable(baseURL), extractEnvVariable(apiKey), false, models.default[0]);
  return pieces.join("");
}

await report(async (base) => ({
  chat: (await asked(base, KEY, false)).join(""),
  stream: streamed(await asked(base, KEY, true)),
  wrong_scope: await said(() => asked(base, EMBED_KEY, true)),
  exported: await exported(),
}));
