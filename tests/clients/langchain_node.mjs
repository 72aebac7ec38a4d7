// LangChain for JavaScript: chat, stream, tools, embeddings; see `told.mjs`.

import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";

import { CHAT_KEY, CITY, KEY, QUESTION, report } from "./told.mjs";

const getWeather = tool(({ city }) => `sunny in ${city}`, {
  name: "get_weather",
  description: "The weather of a city.",
  schema: CITY,
});

function counting(sent) {
  return (url, init) => {
    sent.push(url);
    return fetch(url, init);
  };
}

function chatModel(baseURL, { model = "gpt-4o", sent = [], ...more } = {}) {
  return new ChatOpenAI({ model, apiKey: KEY, configuration: { baseURL, fetch: counting(sent) }, ...more });
}

function embeddings(baseURL, apiKey = KEY, sent = []) {
  return new OpenAIEmbeddings({
    model: "text-embedding-3-small",
    apiKey,
    configuration: { baseURL, fetch: counting(sent) },
  });
}

async function chat(llm) {
  const reply = await llm.invoke(QUESTION);
  return {
    text: reply.text,
    model: reply.response_metadata.model_name,
    finish_reason: reply.response_metadata.finish_reason,
    counts_tokens: reply.usage_metadata.total_tokens > 0,
  };
}

async function gathered(stream) {
  let whole;
  let count = 0;
  for await (const chunk of stream) {
    whole = whole === undefined ? chunk : whole.concat(chunk);
    count += 1;
  }
  return { whole, count };
}

async function stream(llm) {
  const { whole, count } = await gathered(await llm.stream(QUESTION));
  return {
    text: whole.text,
    model: whole.response_metadata.model_name,
    in_pieces: count > 2,
    counts_tokens: whole.usage_metadata.total_tokens > 0,
  };
}

/** A whole turn with a tool: asked for, run here, its result answered. */
async function tools(llm) {
  const bound = llm.bindTools([getWeather]);
  const asked = { role: "user", content: "get_weather of Köln" };
  const reply = await bound.invoke([asked]);
  const [call] = reply.tool_calls;
  const result = await getWeather.invoke(call);
  const [streamed] = (await gathered(await bound.stream([asked]))).whole.tool_calls;
  return {
    call: [call.name, call.args],
    streamed_call: [streamed.name, streamed.args],
    afterwards: (await bound.invoke([asked, reply, result])).text,
  };
}

async function vectors(model) {
  const documents = await model.embedDocuments(["one", "two"]);
  const query = await model.embedQuery("one");
  return {
    vectors: documents.length,
    query_is_document: query.every((one, at) => Math.abs(one - documents[0][at]) < 1e-6),
  };
}

async function refused(call) {
  const sent = [];
  try {
    await call(sent);
  } catch (error) {
    return { status: error.status, code: error.code, sent: sent.length };
  }
  return { status: null };
}

await report(async (base) => ({
  chat: await chat(chatModel(base)),
  stream: await stream(chatModel(base)),
  tools: await tools(chatModel(base)),
  embeddings: await vectors(embeddings(base)),
  unknown_model: await refused((sent) => chatModel(base, { model: "no-such-model", sent }).invoke("hi")),
  no_scope: await refused((sent) => embeddings(base, CHAT_KEY, sent).embedQuery("hi")),
  // What the Responses API gives whoever turns it on.
  responses: await refused((sent) => chatModel(base, { useResponsesApi: true, sent }).invoke("hi")),
}));
