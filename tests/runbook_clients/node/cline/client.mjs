// Cline: its command, with the provider "OpenAI Compatible".

import { dirname } from "node:path";

import { CHAT_MODEL, command, EMBED_KEY, exportedFile, installed, KEY, QUESTION, report, streamed } from "../told.mjs";

const CLINE = installed(import.meta.url, "@cline/cli-linux-x64/bin/cline");

/** The events of one run. It leaves a helper running, which is ended here. */
async function cline(base, key) {
  await command(CLINE, ["auth", "-p", "openai", "-k", key, "-m", CHAT_MODEL, "-b", base]);
  return asked();
}

/** The same, set up by the script that was exported. */
async function exported() {
  const PATH = `${dirname(CLINE)}:${process.env.PATH}`;
  await command("sh", [exportedFile("cline.sh")], { PATH, SIGNALBOX_KEY: KEY });
  return asked();
}

async function asked() {
  const { stdout, stderr } = await command(CLINE, ["--json", QUESTION]);
  await command(CLINE, ["hub", "stop"]);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new Error(stderr);
  return lines.map((line) => JSON.parse(line));
}

/** The pieces of an answer, as they came. */
function pieces(events) {
  const started = events.filter(({ event }) => event?.type === "content_start");
  return started.map(({ event }) => event.text);
}

await report(async (base) => {
  const events = await cline(base, KEY);
  return {
    chat: events.at(-1).text,
    stream: streamed(pieces(events)),
    wrong_scope: (await cline(base, EMBED_KEY)).at(-1).text,
    exported: (await exported()).at(-1).text,
  };
});
