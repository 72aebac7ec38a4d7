// How JavaScript reads bodies: the model it finds.
//
// In: a body a line, in base64. Out, for each: a JSON object, by decoder null for a body it refuses,
// else the models it finds in hexadecimal, `?` for one that is no string.

import { createInterface } from "node:readline";

const decoders = {
  // What body parsers for Node's servers do.
  "JSON.parse": (body) => JSON.parse(body.toString("utf8")),
  // What `Request.json()` does, which takes a byte order mark away.
  "Request.json": (body) => JSON.parse(new TextDecoder().decode(body)),
};

function found(decode, body) {
  let read;
  try {
    read = decode(body);
  } catch {
    return null;
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) return null;
  if (!Object.hasOwn(read, "model")) return [];
  return [typeof read.model === "string" ? Buffer.from(read.model, "utf8").toString("hex") : "?"];
}

for await (const line of createInterface({ input: process.stdin })) {
  const body = Buffer.from(line, "base64");
  const all = Object.entries(decoders).map(([name, decode]) => [name, found(decode, body)]);
  console.log(JSON.stringify(Object.fromEntries(all)));
}
