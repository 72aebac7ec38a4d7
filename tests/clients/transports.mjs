// openai-node over TLS, in each version of HTTP it can speak; see `told.mjs`.
//
// AUTHORITY is a file with the authority to trust.

import { readFileSync } from "node:fs";

import OpenAI, { toFile } from "openai";
import { Agent, FormData, buildConnector, fetch } from "undici";

import { CHAT_KEY, KEY, QUESTION, distinct, report } from "./told.mjs";

const ca = readFileSync(process.env.AUTHORITY);
const messages = [{ role: "user", content: QUESTION }];

/** A client whose connections tell which version was agreed on. */
function client(baseURL, apiKey, agreed, { allowH2, trusted = true }) {
  const connect = buildConnector({ allowH2, ca: trusted ? ca : undefined });
  const dispatcher = new Agent({
    allowH2,
    connect: (options, done) =>
      connect(options, (error, socket) => {
        if (!error) agreed.push(socket.alpnProtocol || "http/1.1");
        done(error, socket);
      }),
  });
  const wire = async (url, init) => fetch(url, { ...init, body: await ours(init.body), dispatcher });
  return new OpenAI({ baseURL, apiKey, fetch: wire });
}

/** Node's own form as the one of this undici, which takes no other. */
async function ours(body) {
  if (!(body instanceof globalThis.FormData)) return body;
  const form = new FormData();
  for (const [name, value] of body) form.append(name, value);
  return form;
}

async function facts(base, allowH2) {
  const agreed = [];
  const gate = client(base, KEY, agreed, { allowH2 });
  const chat = await gate.chat.completions.create({ model: "gpt-4o", messages });
  const chunks = [];
  for await (const chunk of await gate.chat.completions.create({ model: "gpt-4o", messages, stream: true })) {
    chunks.push(chunk);
  }
  const sound = await gate.audio.speech.create({ model: "tts-1", voice: "alloy", input: "word ".repeat(20) });
  const file = await toFile(Buffer.alloc(2_000_000, "RIFF"), "spoken.wav");
  const heard = await gate.audio.transcriptions.create({ model: "whisper-1", file });
  let refused;
  try {
    // A body that is still on its way when the refusal comes.
    const input = "x".repeat(8 << 20);
    await client(base, CHAT_KEY, agreed, { allowH2 }).audio.speech.create({ model: "tts-1", voice: "alloy", input });
  } catch (error) {
    refused = [error.constructor.name, error.code];
  }
  return {
    versions: distinct(agreed),
    chat: [chat.model, chat.choices[0].message.content],
    stream: [
      distinct(chunks.map((chunk) => chunk.model)),
      chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""),
    ],
    sound: (await sound.arrayBuffer()).byteLength,
    heard: heard.text,
    refused,
  };
}

/** What happens to a client that does not know the authority. */
async function stranger(base) {
  try {
    const other = client(base, KEY, [], { allowH2: true, trusted: false });
    await other.models.list({ maxRetries: 0 });
  } catch (error) {
    let cause = error;
    while (cause.cause) cause = cause.cause;
    return cause.code;
  }
  return "it asked";
}

await report(async (base) => ({
  1.1: await facts(base, false),
  2: await facts(base, true),
  untrusted: await stranger(base),
}));
