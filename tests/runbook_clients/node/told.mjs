// What the scripts here are told through their environment, and how they answer; see `../python/told.py`,
// which says what the facts are.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const { API_KEY, EMBED_KEY, BASE_URLS, EXPORTED } = process.env;

export const KEY = API_KEY;
// A key whose only scope is `inference:embed`, under the same policy: it may not chat.
export { EMBED_KEY };
export const CHAT_MODEL = "gpt-4o";
export const EMBED_MODEL = "text-embedding-3-small";
// Words that a careless rewrite of JSON would change.
export const QUESTION = 'What is "the weather" in Köln? 🚂';

/** Where a file of `signalbox export` is, as it came from it. */
export function exportedFile(name) {
  return join(EXPORTED, name);
}

/** Its text. */
export function exportedText(name) {
  return readFileSync(exportedFile(name), "utf8");
}

/** Prints what `facts` gives for each base. */
export async function report(facts) {
  const all = [];
  for (const base of BASE_URLS.split(" ")) all.push(await facts(base));
  console.log(JSON.stringify(all));
}

export function streamed(pieces) {
  return { text: pieces.join(""), in_pieces: pieces.length > 2 };
}

/** The words that whoever makes this call reads; nothing if it is not refused. */
export async function said(call) {
  try {
    await call();
  } catch (error) {
    return [error.message, error.description].filter(Boolean).join("; ");
  }
  return null;
}

/** A file of a package that is installed beside a script, whatever the package exports. */
export function installed(script, path) {
  return fileURLToPath(new URL(`node_modules/${path}`, script));
}

/** Runs a command of an installed package to its end and gives what it printed. */
export function command(file, args, env = {}) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].on("data", (piece) => (printed[name] += piece));
  return new Promise((done) => child.on("close", () => done(printed)));
}
