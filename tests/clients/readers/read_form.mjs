// How Node's multipart readers read forms: the models each finds.
//
// In: a form a line, its content type and its body in base64. Out, for each: a JSON object, by reader
// null for a form it refuses, else every value it has under `model` in hexadecimal, `?` for a file.

import { createInterface } from "node:readline";

import busboy from "busboy";
import { Response as Undici } from "undici";

function byBusboy(type, body) {
  return new Promise((resolve, reject) => {
    const values = [];
    const reader = busboy({ headers: { "content-type": type } });
    reader.on("field", (name, value) => {
      if (name === "model") values.push(Buffer.from(value, "utf8").toString("hex"));
    });
    reader.on("file", (name, file) => {
      if (name === "model") values.push("?");
      file.resume();
      file.on("error", reject);
    });
    reader.on("error", reject);
    reader.on("close", () => resolve(values));
    reader.end(body);
    // Of some broken forms it never says that they ended. It waits for nothing but these turns.
    let turns = 100;
    const turn = () => (turns-- > 0 ? setImmediate(turn) : reject(new Error("it does not end")));
    turn();
  });
}

/** As browsers, and servers with a `Request`, read a form. */
async function byFetch(Response, type, body) {
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  return form
    .getAll("model")
    .map((value) => (typeof value === "string" ? Buffer.from(value, "utf8").toString("hex") : "?"));
}

const readers = {
  busboy: byBusboy,
  undici: (type, body) => byFetch(Undici, type, body),
  "node's own": (type, body) => byFetch(Response, type, body),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [type, body] = line.split(" ").map((word) => Buffer.from(word, "base64"));
  const all = {};
  for (const [name, read] of Object.entries(readers)) {
    try {
      all[name] = await read(type.toString("latin1"), body);
    } catch {
      all[name] = null;
    }
  }
  console.log(JSON.stringify(all));
}
