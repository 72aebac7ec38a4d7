// OpenClaw: its command for one turn of a model, with a provider of the configuration file.

import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { CHAT_MODEL, command, EMBED_KEY, exportedText, installed, KEY, QUESTION, report } from "../told.mjs";

const OPENCLAW = installed(import.meta.url, "openclaw/openclaw.mjs");

function configure(baseUrl, apiKey) {
  const model = { id: CHAT_MODEL, name: CHAT_MODEL, contextWindow: 128000, maxTokens: 4096, input: ["text"] };
  const gt = { baseUrl, apiKey, api: "openai-completions", models: [model] };
  const agents = { defaults: { model: { primary: `gt/${CHAT_MODEL}` } } };
  write(JSON.stringify({ models: { providers: { gt } }, agents }));
}

function write(config) {
  const folder = join(homedir(), ".openclaw");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "openclaw.json"), config);
}

/** One turn, of the model that is its default if none is named. */
async function infer(args, environment = {}) {
  const whole = [OPENCLAW, "infer", "model", "run", ...args, "--prompt", QUESTION, "--local", "--json"];
  const { stdout, stderr } = await command(process.execPath, whole, environment);
  return stdout.startsWith("{") ? JSON.parse(stdout) : { error: stdout + stderr };
}

async function chat(base, key) {
  configure(base, key);
  return infer(["--model", `gt/${CHAT_MODEL}`]);
}

async function exported() {
  write(exportedText("openclaw.json"));
  return text(await infer([], { SIGNALBOX_KEY: KEY }));
}

function text(answered) {
  return answered.outputs?.[0].text ?? answered.error;
}

await report(async (base) => {
  const answered = await chat(base, KEY);
  return {
    chat: text(answered),
    wrong_scope: JSON.stringify(await chat(base, EMBED_KEY)),
    exported: await exported(),
  };
});
