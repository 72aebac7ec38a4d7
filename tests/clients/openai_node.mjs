// openai-node against a base URL; prints what came of it as one JSON object.
//
// Environment: BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL.

import OpenAI from "openai";

const { BASE_URL, API_KEY, CHAT_MODEL, EMBED_MODEL } = process.env;
const messages = [{ role: "user", content: "Say hello." }];

/** A client that counts what really goes over the wire, retries included. */
function counted(apiKey) {
  const wire = { sent: 0 };
  const client = new OpenAI({
    baseURL: BASE_URL,
    apiKey,
    fetch: (url, init) => {
      // Before its first form the SDK tries out `fetch` on a `data:` URL.
      if (String(url).startsWith("http")) wire.sent += 1;
      return fetch(url, init);
    },
  });
  return { client, wire };
}

async function chat(client, model) {
  const reply = await client.chat.completions.create({ model, messages });
  const choice = reply.choices[0];
  return {
    object: reply.object,
    model: reply.model,
    role: choice.message.role,
    text: choice.message.content,
    finish_reason: choice.finish_reason,
    counts_tokens: (reply.usage?.total_tokens ?? 0) > 0,
  };
}

async function stream(client, model) {
  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
    chunks.push(chunk);
  }
  const choices = chunks.map((chunk) => chunk.choices[0]).filter(Boolean);
  return {
    objects: distinct(chunks.map((chunk) => chunk.object)),
    models: distinct(chunks.map((chunk) => chunk.model)),
    text: choices.map((choice) => choice.delta.content ?? "").join(""),
    finish_reason: choices.at(-1).finish_reason,
    in_pieces: chunks.length > 2,
  };
}

async function embed(client, model) {
  const input = ["one", "two"];
  // Left alone, the SDK asks for base64 and decodes it.
  const ours = await client.embeddings.create({ model, input });
  const floats = await client.embeddings.create({ model, input, encoding_format: "float" });
  return {
    object: ours.object,
    model: ours.model,
    vectors: ours.data.length,
    encodings_agree: ours.data.every((one, at) => agree(one.embedding, floats.data[at].embedding)),
  };
}

function agree(ones, others) {
  return ones.length === others.length && ones.every((one, at) => Math.abs(one - others[at]) < 1e-6);
}

function distinct(words) {
  return [...new Set(words)].sort();
}

/** What the SDK throws, and how often it asked before it gave up. */
async function refusal(call, apiKey = API_KEY) {
  const { client, wire } = counted(apiKey);
  try {
    await call(client);
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    const { status, code, type, param } = error;
    return { raised: error.constructor.name, status, code, type, param, sent: wire.sent };
  }
  return { raised: null };
}

const { client } = counted(API_KEY);
const models = [];
for await (const model of client.models.list()) models.push(model.id);

// A body over 64 KiB is still on its way when the refusal comes: fetch must see the refusal.
const long = "x".repeat(8 * 1024 * 1024);

console.log(
  JSON.stringify({
    models,
    retrieved: (await client.models.retrieve(CHAT_MODEL)).id,
    chat: await chat(client, CHAT_MODEL),
    stream: await stream(client, CHAT_MODEL),
    embeddings: await embed(client, EMBED_MODEL),
    unknown_model: await refusal((c) => chat(c, "no-such-model")),
    unknown_model_streamed: await refusal((c) => stream(c, "no-such-model")),
    unknown_model_with_a_slash: await refusal((c) => c.models.retrieve("vendor/no-such-model")),
    speech: await refusal((c) => c.audio.speech.create({ model: CHAT_MODEL, voice: "alloy", input: "hi" })),
    speech_with_a_long_body: await refusal((c) =>
      c.audio.speech.create({ model: CHAT_MODEL, voice: "alloy", input: long }),
    ),
    responses: await refusal((c) => c.responses.create({ model: CHAT_MODEL, input: "hi" })),
    transcriptions: await refusal((c) =>
      c.audio.transcriptions.create({ model: CHAT_MODEL, file: new File(["RIFF"], "a.wav") }),
    ),
    wrong_key: await refusal((c) => chat(c, CHAT_MODEL), "gtak_wrong"),
  }),
);
