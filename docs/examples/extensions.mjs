// GT's own routes from JavaScript, with plain fetch: files for a conversation, files for a dataset.
//
//     node extensions.mjs conversation FILE QUESTION    a conversation with a file, and a question about it
//     node extensions.mjs continue ID QUESTION          another question in that conversation
//     node extensions.mjs dataset NAME FILE             a file for a dataset
//
// GT_API_BASE_URL is the base without `/v1`, for here the paths are written out: for example
// `https://signalbox.example/api/tenant`. GT_API_KEY is a key for conversations, or for uploads.

import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const base = process.env.GT_API_BASE_URL.replace(/\/+$/, "");
const model = process.env.GT_MODEL ?? "gpt-4o";
const seconds = Number(process.env.GT_POLL_SECONDS ?? 1);
const CONVERSATION = "X-GT-Conversation-Id";

/** The answer, unless it is a refusal: those say what to do next. */
async function ask(path, { headers, ...more } = {}) {
  const authorization = `Bearer ${process.env.GT_API_KEY}`;
  const reply = await fetch(base + path, { ...more, headers: { authorization, ...headers } });
  if (!reply.ok) {
    const { code, message } = (await reply.json()).error;
    console.error(`${reply.status} ${code}: ${message}`);
    process.exit(1);
  }
  return reply;
}

function post(path, body, headers) {
  const json = { "content-type": "application/json", ...headers };
  return ask(path, { method: "POST", headers: json, body: JSON.stringify(body) });
}

/** A new conversation. The name must be one that the key may use, as for chat. */
async function begin(title) {
  return (await post("/v1/conversations", { model, title })).headers.get(CONVERSATION);
}

/** Sends a file; it is processed afterwards. Gives the id to ask about it. */
async function upload(path, file, headers) {
  const body = new FormData();
  body.append("file", await openAsBlob(file), basename(file));
  // No content type here: fetch writes it, with the form's border.
  return (await (await ask(path, { method: "POST", headers, body })).json()).id;
}

/** Only what is `ready` is used in answers. */
async function untilReady(id) {
  for (;;) {
    const { status } = await (await ask(`/v1/files/${id}`)).json();
    if (status === "ready" || status === "failed") {
      console.log(`${id}: ${status}`);
      if (status === "failed") {
        console.error("GT could not process the file");
        process.exit(1);
      }
      return;
    }
    await pause(seconds * 1000);
  }
}

/** Chat in the conversation: without the header it would be a question of its own. */
async function chat(conversation, question) {
  const messages = [{ role: "user", content: question }];
  const reply = await post("/v1/chat/completions", { model, messages }, { [CONVERSATION]: conversation });
  console.log(`${conversation}: ${(await reply.json()).choices[0].message.content}`);
}

const [command, first, second] = process.argv.slice(2);
if (command === "conversation") {
  const conversation = await begin(first);
  await untilReady(await upload("/v1/conversations/files", first, { [CONVERSATION]: conversation }));
  await chat(conversation, second);
} else if (command === "continue") {
  await chat(first, second);
} else if (command === "dataset") {
  await untilReady(await upload(`/v1/datasets/${first}/files`, second));
} else {
  console.error("usage: node extensions.mjs conversation|continue|dataset …, as written at its top");
  process.exit(2);
}
