// Speaks the contract; policy.js decides. Records and flags are objects, variants `{ tag, val }`, an option is its
// value or null. A u64 is a number: not exact above 2^53, and negative above 2^63.

import * as budget from './policy.js';

// The place of the one route that is forwarded.
const CHAT = 0;

function describe() {
  return {
    name: 'chat-budget',
    version: '0.1.0',
    routes: [route('POST', '/v1/chat/completions', 'json'), route('GET', '/v1/models', 'none')],
    headers: [budget.CONVERSATION],
    wants: { labels: true, models: true, published: true },
    bodyMembers: budget.TOKENS,
    modelCount: budget.MODELS.length,
  };
}

function models(after, limit) {
  const rest = budget.MODELS.filter(({ name }) => name > (after ?? ''));
  return {
    models: rest.slice(0, limit).map(({ name, published }) => ({
      name,
      published: [published],
      listed: true,
      deprecated: null,
      routes: [CHAT],
    })),
    more: rest.length > limit,
  };
}

function decide({ method, path, headers, caller, model, bodyMembers }) {
  const name = { unread: undefined, absent: '', named: model.val }[model.tag];
  const answer = budget.decide({
    method,
    path,
    purposes: caller.purposes,
    scopes: caller.scopes,
    models: names(caller.models),
    published: names(caller.published),
    plan: caller.labels.find(([label]) => label === 'plan')?.[1],
    // Only what `describe` asks for is told.
    inConversation: headers.length > 0,
    model: name,
    tokens: bodyMembers.map(([member, { tag, val }]) => ({
      member,
      asked: tag === 'integer' ? whole(val) : undefined,
    })),
  });
  if (answer.forward) {
    return { tag: 'forward', val: forward(answer.forward, name) };
  }
  if (answer.list) {
    return { tag: 'list-models', val: { tag: 'only', val: answer.list } };
  }
  if (answer.readModel) {
    return { tag: 'read-model' };
  }
  return { tag: 'refuse', val: { ...answer.refuse, reason: answer.refuse.code } };
}

// One of the key's lists; undefined if it has no limit.
function names({ tag, val }) {
  return tag === 'only' ? val : undefined;
}

// A u64 that JavaScript cannot count to is more than anybody may ask for.
function whole(number) {
  return number >= 0 && Number.isSafeInteger(number) ? number : Infinity;
}

function route(method, template, model) {
  return {
    method,
    template,
    verdict: 'native',
    forwarded: true,
    purposes: ['inference'],
    scopes: [[budget.SCOPE]],
    model,
    query: [],
    headers: [],
    reason: null,
  };
}

function forward(published, name) {
  return {
    route: CHAT,
    parameters: [],
    query: null,
    model: published,
    responseModel: name,
    notice: null,
    setHeaders: [],
    dropHeaders: [],
    labels: [],
  };
}

export const policy = { describe, models, decide };
