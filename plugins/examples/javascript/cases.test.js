// The cases, asked here as a host asks them of the component.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { policy } from './plugin.js';

// `test.sh` has them written, one for each that `each` makes.
const cases = JSON.parse(readFileSync(new URL('cases.json', import.meta.url)));
const described = policy.describe();

const names = (list) => (list === 'all' ? { tag: 'all' } : { tag: 'only', val: list });

// Of the headers, or the members of a body, those that `describe` asks for.
function asked(wanted, given = {}) {
  return wanted.filter((name) => name in given).map((name) => [name, given[name]]);
}

function member(value) {
  if (typeof value === 'number') {
    return { tag: 'integer', val: value };
  }
  return typeof value === 'string'
    ? { tag: 'text', val: value }
    : { tag: 'unclear', val: 'other-type' };
}

function decide({ request, model, headers, body, purposes, scopes, labels, models, published }) {
  const [method, target] = request.split(' ');
  const head = {
    method,
    path: target.replace('/api/tenant/', '/v1/'),
    query: null,
    contentType: null,
    headers: asked(described.headers, headers).map(([name, value]) => ({
      name,
      value: new TextEncoder().encode(value),
    })),
    caller: {
      id: 'case',
      purposes,
      scopes: scopes ?? [],
      labels: Object.entries(labels ?? {}),
      models: names(models),
      published: names(published),
      datasets: { tag: 'unasked' },
    },
    model: { tag: 'unread' },
    bodyMembers: [],
    facts: [],
  };
  const decision = policy.decide(head);
  if (decision.tag !== 'read-model') {
    return decision;
  }
  return policy.decide({
    ...head,
    model: model === undefined ? { tag: 'absent' } : { tag: 'named', val: model },
    bodyMembers: asked(described.bodyMembers, body).map(([name, value]) => [name, member(value)]),
  });
}

// What a case may expect of a decision, by its words.
function shown({ tag, val }) {
  if (tag === 'forward') {
    const { method, template } = described.routes[val.route];
    return {
      forward: `${method} ${template}`,
      path: template,
      model: val.model,
      response_model: val.responseModel,
    };
  }
  return tag === 'refuse'
    ? { refuse: val.code, message: val.message, reason: val.reason }
    : { list: val.val };
}

test('there are cases', () => assert.notEqual(cases.length, 0));

for (const { name, expect, ...asked } of cases) {
  test(name, () => {
    const decision = shown(decide(asked));
    for (const [what, expected] of Object.entries(expect)) {
      assert.deepEqual(decision[what], expected, what);
    }
  });
}
