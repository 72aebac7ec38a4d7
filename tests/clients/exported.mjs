// The files of `signalbox export` for clients in JavaScript; see `exported.py`.

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { embedMany, generateText } from "ai";

const { API_KEY, CLIENT, EXPORTED } = process.env;
const QUESTION = 'What is "the weather" in Köln? 🚂';
const TEXTS = ["one", "two"];

process.env.SIGNALBOX_KEY = API_KEY;
// As in a project that has the packages.
symlinkSync(fileURLToPath(new URL("node_modules", import.meta.url)), join(EXPORTED, "node_modules"));

function imported(name) {
  return import(pathToFileURL(join(EXPORTED, name)));
}

const clients = {
  async openai() {
    const { chatModels, client, embeddingModels } = await imported("openai_gate.mjs");
    const messages = [{ role: "user", content: QUESTION }];
    const reply = await client.chat.completions.create({ model: chatModels[0], messages });
    const vectors = await client.embeddings.create({ model: embeddingModels.at(-1), input: TEXTS });
    return [reply.choices[0].message.content, vectors.data];
  },
  async langchain() {
    const { chat, embeddings } = await imported("langchain_gate.mjs");
    return [(await chat.invoke(QUESTION)).text, await embeddings.embedDocuments(TEXTS)];
  },
  async vercel() {
    const { chat, embedding } = await imported("gate.mjs");
    const { text } = await generateText({ model: chat, prompt: QUESTION });
    return [text, (await embedMany({ model: embedding, values: TEXTS })).embeddings];
  },
};

const [text, vectors] = await clients[CLIENT]();
console.log(JSON.stringify({ chat: text, vectors: vectors.length }));
