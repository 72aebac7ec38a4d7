// n8n: its nodes "OpenAI Chat Model" and "Embeddings OpenAI", given what n8n gives a node that runs.

import { createRequire } from "node:module";
import { join } from "node:path";

import { CHAT_MODEL, EMBED_KEY, EMBED_MODEL, exportedText, installed, KEY, QUESTION, report, said, streamed } from "../told.mjs";

const require = createRequire(import.meta.url);
const NODES = installed(import.meta.url, "@n8n/n8n-nodes-langchain/dist/nodes");
const { LmChatOpenAi } = require(join(NODES, "llms/LMChatOpenAi/LmChatOpenAi.node.js"));
const { EmbeddingsOpenAi } = require(join(NODES, "embeddings/EmbeddingsOpenAI/EmbeddingsOpenAi.node.js"));

/** A run of a node: its credential, and its parameters as a person leaves them, but for the Responses API. */
function run(url, apiKey) {
  const parameters = { "model.value": CHAT_MODEL, model: EMBED_MODEL, responsesApiEnabled: false, options: {} };
  return runWith(parameters, { apiKey, url }, 1.3);
}

function runWith(parameters, credentials, typeVersion) {
  const nothing = () => {};
  return {
    getCredentials: async () => credentials,
    getNode: () => ({ typeVersion, name: "node", type: "node", parameters: {} }),
    getNodeParameter: (name, ...rest) => parameters[name] ?? rest.at(-1),
    getNextRunIndex: () => 0,
    getExecutionId: () => "1",
    getWorkflow: () => ({ id: "1" }),
    getMode: () => "manual",
    addInputData: () => ({ index: 0 }),
    addOutputData: nothing,
    logAiEvent: nothing,
    getExecutionCancelSignal: nothing,
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    helpers: { getSecureEgressFilter: () => "disabled" },
  };
}

async function supplied(Node, base, key) {
  return (await new Node().supplyData.call(run(base, key), 0)).response;
}

/** A node that was exported, with the credential that was exported for it and the token typed in. */
async function exportedNode(Node, type) {
  const { nodes } = JSON.parse(exportedText("nodes.json"));
  const node = nodes.find((node) => node.type === type);
  const { id } = node.credentials.openAiApi;
  const credential = JSON.parse(exportedText("credentials.json")).find((credential) => credential.id === id);
  const { version } = new Node().description;
  if (!version.includes(node.typeVersion)) throw new Error(`${type} has versions ${version}`);
  const known = new Node().description.properties.map((property) => property.name);
  const unknown = Object.keys(node.parameters).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${type} has no ${unknown}`);
  const parameters = { ...node.parameters, "model.value": node.parameters.model.value };
  const run = runWith(parameters, { ...credential.data, apiKey: KEY }, node.typeVersion);
  return (await new Node().supplyData.call(run, 0)).response;
}

async function exported() {
  const chat = await exportedNode(LmChatOpenAi, "@n8n/n8n-nodes-langchain.lmChatOpenAi");
  const embeddings = await exportedNode(EmbeddingsOpenAi, "@n8n/n8n-nodes-langchain.embeddingsOpenAi");
  const vectors = await embeddings.embedDocuments(["one", "two"]);
  return vectors.length === 2 ? (await chat.invoke(QUESTION)).text : vectors;
}

async function stream(base) {
  const model = await supplied(LmChatOpenAi, base, KEY);
  const pieces = [];
  for await (const piece of await model.stream(QUESTION)) pieces.push(piece.text);
  return streamed(pieces);
}

await report(async (base) => {
  const listed = await new LmChatOpenAi().methods.listSearch.searchModels.call(run(base, KEY));
  const chat = await supplied(LmChatOpenAi, base, KEY);
  const poor = await supplied(LmChatOpenAi, base, EMBED_KEY);
  const embeddings = await supplied(EmbeddingsOpenAi, base, KEY);
  return {
    models: listed.results.map((model) => model.value),
    chat: (await chat.invoke(QUESTION)).text,
    stream: await stream(base),
    embeddings: (await embeddings.embedDocuments(["one", "two"])).length,
    wrong_scope: await said(() => poor.invoke(QUESTION)),
    exported: await exported(),
  };
});
