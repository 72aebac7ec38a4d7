// openai-node on every route GT has; see `told.mjs`.

import { createHash } from "node:crypto";

import OpenAI, { toFile } from "openai";

import { CHAT_KEY, KEY, QUESTION, WEATHER, distinct, report } from "./told.mjs";

const messages = [{ role: "user", content: QUESTION }];
const tools = [WEATHER];
const tool_choice = { type: "function", function: { name: "get_weather" } };
// Bytes that are no text, and hold line ends and dashes as a multipart border does.
const SOUND = Buffer.alloc(9000 * 10, Buffer.from("RIFF\r\n--\x00\xff", "latin1"));

function client(baseURL, apiKey = KEY, sent = []) {
  return new OpenAI({
    baseURL,
    apiKey,
    fetch: (url, init) => {
      // Before its first form the SDK tries out `fetch` on a `data:` URL.
      if (String(url).startsWith("http")) sent.push(url);
      return fetch(url, init);
    },
  });
}

async function models(gate) {
  const listed = [];
  for await (const model of gate.models.list()) listed.push(model.id);
  listed.sort();
  const retrieved = [];
  for (const name of listed) retrieved.push((await gate.models.retrieve(name)).id);
  return { listed, retrieved };
}

async function chat(gate) {
  const reply = await gate.chat.completions.create({ model: "gpt-4o", messages });
  return { model: reply.model, text: reply.choices[0].message.content };
}

async function toolCall(gate) {
  const reply = await gate.chat.completions.create({ model: "gpt-4o", messages, tools, tool_choice });
  return called(reply);
}

function called(reply) {
  const [call] = reply.choices[0].message.tool_calls;
  return {
    model: reply.model,
    finish_reason: reply.choices[0].finish_reason,
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
    total_tokens: reply.usage.total_tokens,
  };
}

/** By the SDK's own helper, which puts the pieces together and fails if they do not fit. */
async function streamedToolCall(gate) {
  const names = [];
  let pieces = 0;
  const stream = gate.chat.completions.stream({
    model: "gpt-4o",
    messages,
    tools,
    tool_choice,
    stream_options: { include_usage: true },
  });
  stream.on("chunk", (chunk) => names.push(chunk.model));
  stream.on("tool_calls.function.arguments.delta", () => (pieces += 1));
  const { model, ...call } = called(await stream.finalChatCompletion());
  return { ...call, models: distinct([model, ...names]), in_pieces: pieces > 1 };
}

async function embeddings(gate) {
  const vectors = async (how) => {
    const reply = await gate.embeddings.create({ model: "text-embedding-3-small", ...how });
    if (reply.model !== "text-embedding-3-small") throw new Error(reply.model);
    return reply.data.map((one) => one.embedding);
  };
  const input = ["one", "zwei 🚂"];
  // Left alone, the SDK asks for base64 and decodes it.
  const asked = await vectors({ input });
  const plain = await vectors({ input, encoding_format: "float" });
  const written = await vectors({ input, encoding_format: "base64" });
  const close = (one, other) => Math.abs(one - other) < 1e-6;
  return {
    vectors: plain.length,
    agree: plain.every((ones, at) => ones.every((one, to) => close(one, asked[at][to]))),
    base64: written.every((one) => Buffer.from(one, "base64").length === 4 * plain[0].length),
    token_ids: (await vectors({ input: [[1, 2, 3], [4]], encoding_format: "float" })).length,
  };
}

async function transcriptions(gate) {
  const heard = async (first, how) => {
    const file = await toFile(SOUND, "spoken.wav");
    // The form has its fields in the order of this object.
    const fields = first === "file" ? { file, model: "whisper-1" } : { model: "whisper-1", file };
    return gate.audio.transcriptions.create({ ...fields, ...how });
  };
  return {
    json: (await heard("model")).text,
    text: await heard("model", { response_format: "text" }),
    verbose_json: (await heard("file", { response_format: "verbose_json", language: "de" })).language,
    with_a_list: (await heard("file", { timestamp_granularities: ["word", "segment"] })).text,
  };
}

async function speech(gate) {
  const facts = {};
  for (const form of ["mp3", "wav"]) {
    const reply = await gate.audio.speech.create({
      model: "tts-1",
      voice: "alloy",
      input: "word ".repeat(20),
      response_format: form,
    });
    const pieces = [];
    for await (const piece of reply.body) pieces.push(piece);
    const sound = Buffer.concat(pieces);
    const sha = createHash("sha256").update(sound).digest("hex").slice(0, 16);
    facts[form] = [reply.headers.get("content-type"), sound.length, sha];
  }
  return facts;
}

async function images(gate) {
  const drawn = async (response_format) => {
    const reply = await gate.images.generate({ model: "dall-e-3", prompt: "a train", response_format });
    return reply.data[0];
  };
  return {
    b64_json: Buffer.from((await drawn("b64_json")).b64_json, "base64").subarray(0, 4).toString("hex"),
    url: (await drawn("url")).url.split(",")[0],
  };
}

/** What the SDK throws, and how often it asked before it gave up. */
async function refused(base, key, call) {
  const sent = [];
  try {
    await call(client(base, key, sent));
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    const { code, error: body } = error;
    return { raised: error.constructor.name, code, message: body.message, sent: sent.length };
  }
  return { raised: null };
}

await report(async (base) => {
  const gate = client(base);
  const file = () => toFile(SOUND, "a.wav");
  const all = (call) => refused(base, KEY, call);
  return {
    models: await models(gate),
    chat: await chat(gate),
    tool_call: await toolCall(gate),
    streamed_tool_call: await streamedToolCall(gate),
    embeddings: await embeddings(gate),
    transcriptions: await transcriptions(gate),
    speech: await speech(gate),
    images: await images(gate),
    refused: {
      embeddings: await refused(base, CHAT_KEY, embeddings),
      transcriptions: await refused(base, CHAT_KEY, transcriptions),
      speech: await refused(base, CHAT_KEY, speech),
      images: await refused(base, CHAT_KEY, images),
      image_model_for_chat: await all((c) => c.chat.completions.create({ model: "dall-e-3", messages })),
      transcription_by_a_chat_model: await all(async (c) =>
        c.audio.transcriptions.create({ model: "gpt-4o", file: await file() }),
      ),
      translations: await all(async (c) =>
        c.audio.translations.create({ model: "whisper-1", file: await file() }),
      ),
      files: await all(async (c) => c.files.create({ file: await file(), purpose: "assistants" })),
      completions: await all((c) => c.completions.create({ model: "gpt-4o", prompt: "hi" })),
      responses: await all((c) => c.responses.create({ model: "gpt-4o", input: "hi" })),
      assistants: await all((c) => c.beta.assistants.list()),
    },
  };
});
