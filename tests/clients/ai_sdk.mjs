// The Vercel AI SDK: chat, stream, tools, embeddings, by both of its OpenAI providers; see `told.mjs`.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

import { CHAT_KEY, CITY, KEY, QUESTION, report } from "./told.mjs";

const tools = {
  get_weather: tool({
    description: "The weather of a city.",
    inputSchema: jsonSchema(CITY),
    execute: async ({ city }) => `sunny in ${city}`,
  }),
};

function counting(sent) {
  return (url, init) => {
    sent.push(url);
    return fetch(url, init);
  };
}

async function chat(model) {
  const reply = await generateText({ model, prompt: QUESTION });
  return {
    text: reply.text,
    model: reply.response.modelId,
    finish_reason: reply.finishReason,
    counts_tokens: reply.totalUsage.totalTokens > 0,
  };
}

async function stream(model) {
  const reply = streamText({ model, prompt: QUESTION });
  const pieces = [];
  for await (const piece of reply.textStream) pieces.push(piece);
  return {
    text: pieces.join(""),
    model: (await reply.response).modelId,
    in_pieces: pieces.length > 2,
    counts_tokens: (await reply.totalUsage).totalTokens > 0,
  };
}

/** A whole turn with a tool, which the SDK runs and answers by itself; then the same streamed. */
async function toolTurn(model) {
  const asked = { model, tools, prompt: "get_weather of Köln", stopWhen: stepCountIs(2) };
  const reply = await generateText(asked);
  const [call] = reply.steps[0].toolCalls;
  const streamed = streamText(asked);
  const text = await streamed.text;
  const [streamedCall] = (await streamed.steps)[0].toolCalls;
  return {
    call: [call.toolName, call.input],
    streamed_call: [streamedCall.toolName, streamedCall.input],
    afterwards: reply.text,
    streamed_afterwards: text,
  };
}

async function vectors(model) {
  const { embeddings } = await embedMany({ model, values: ["one", "two"] });
  return { vectors: embeddings.length, same_length: embeddings[0].length === embeddings[1].length };
}

async function refused(call) {
  const sent = [];
  try {
    await call(counting(sent));
  } catch (error) {
    if (!APICallError.isInstance(error)) throw error;
    const { statusCode, message, isRetryable } = error;
    return { status: statusCode, message, retryable: isRetryable, sent: sent.length };
  }
  return { status: null };
}

async function passes(chatModel, embeddingModel) {
  return {
    chat: await chat(chatModel),
    stream: await stream(chatModel),
    tools: await toolTurn(chatModel),
    embeddings: await vectors(embeddingModel),
  };
}

await report(async (baseURL) => {
  const openai = (apiKey = KEY, fetch = undefined) => createOpenAI({ baseURL, apiKey, fetch });
  const compatible = createOpenAICompatible({ name: "gt", baseURL, apiKey: KEY, includeUsage: true });
  const ask = (model) => generateText({ model, prompt: "hi" });
  return {
    openai: await passes(openai().chat("gpt-4o"), openai().embedding("text-embedding-3-small")),
    compatible: await passes(
      compatible.chatModel("gpt-4o"),
      compatible.embeddingModel("text-embedding-3-small"),
    ),
    unknown_model: await refused((fetch) => ask(openai(KEY, fetch).chat("no-such-model"))),
    no_scope: await refused((fetch) => vectors(openai(CHAT_KEY, fetch).embedding("text-embedding-3-small"))),
    // As the SDK's own examples call it: the Responses API, which GT does not have.
    responses: await refused((fetch) => ask(openai(KEY, fetch)("gpt-4o"))),
  };
});
