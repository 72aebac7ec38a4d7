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
    headers: [],
    wants: { labels: true },
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

function decide({ method, path, caller, model, bodyMembers }) {
  const name = { unread: undefined, absent: '', named: model.val }[model.tag];
  const answer = budget.decide({
    method,
    path,
    scopes: caller.scopes,
    plan: caller.labels.find(([label]) => label === 'plan')?.[1],
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
