import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decide, SCOPE, TOKENS } from './policy.js';

const head = {
  method: 'POST',
  path: '/v1/chat/completions',
  purposes: ['inference'],
  scopes: [SCOPE],
  models: undefined,
  published: undefined,
  plan: undefined,
  inConversation: false,
  model: undefined,
  tokens: [],
};
const chat = (facts) => decide({ ...head, model: 'small', ...facts });
const code = (answer) => answer.refuse?.code;

test('the large model is in the plan plus', () => {
  assert.deepEqual(chat({ plan: 'plus', model: 'large' }), { forward: 'support-agent' });
  assert.equal(code(chat({ model: 'large' })), 'model_not_found');
});

test('each plan has a budget', () => {
  for (const [plan, most] of [[undefined, 512], ['other', 512], ['plus', 4096]]) {
    for (const member of TOKENS) {
      const ask = (asked) => chat({ plan, tokens: [{ member, asked }] });
      assert.deepEqual(ask(most), { forward: 'gt-small' });
      assert.equal(code(ask(most + 1)), 'over_budget');
      assert.equal(code(ask(Infinity)), 'over_budget');
      assert.equal(code(ask(undefined)), 'unclear_budget');
    }
  }
});

test('what the head refuses is refused before the body is read', () => {
  assert.deepEqual(decide(head), { readModel: true });
  assert.equal(code(decide({ ...head, scopes: [] })), 'insufficient_scope');
  assert.equal(code(decide({ ...head, path: '/v1/embeddings' })), 'unknown_route');
  assert.equal(code(decide({ ...head, purposes: ['upload'] })), 'purpose_not_allowed');
  const talks = { ...head, inConversation: true };
  assert.equal(code(decide(talks)), 'conversation_not_allowed');
  assert.deepEqual(decide({ ...talks, purposes: ['conversation'] }), { readModel: true });
});

test('a key sees the models of its plan', () => {
  const list = { ...head, method: 'GET', path: '/v1/models' };
  assert.deepEqual(decide(list), { list: ['small'] });
  assert.deepEqual(decide({ ...list, plan: 'plus' }), { list: ['large', 'small'] });
});

test('a plan widens no key', () => {
  const key = { plan: 'plus', model: 'large' };
  for (const list of [['support-agent', 'large'], ['support-*', 'l*'], ['*']]) {
    assert.deepEqual(chat({ ...key, models: list }), { forward: 'support-agent' });
    assert.deepEqual(chat({ ...key, published: list }), { forward: 'support-agent' });
  }
  for (const list of [['gt-small', 'small'], ['support', 'larg'], []]) {
    assert.equal(code(chat({ ...key, models: list })), 'model_not_found');
    assert.equal(code(chat({ ...key, published: list })), 'model_not_found');
  }
});
