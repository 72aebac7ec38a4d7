// A trap in the component says nothing of the exception behind it; here it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { policy } from './plugin.js';

const request = {
  method: 'POST',
  path: '/v1/chat/completions',
  query: null,
  contentType: 'application/json',
  headers: [],
  caller: {
    id: 'a',
    purposes: ['inference'],
    scopes: ['inference:chat'],
    labels: [['plan', 'plus']],
    models: { tag: 'all' },
    published: { tag: 'all' },
    datasets: { tag: 'unasked' },
  },
  model: { tag: 'named', val: 'large' },
  bodyMembers: [],
  facts: [],
};
const decide = (facts) => policy.decide({ ...request, ...facts });
const asks = (member) => decide({ bodyMembers: [['max_tokens', member]] });

test('the model and the budget are those of the label', () => {
  const { tag, val } = decide({});
  assert.equal(tag, 'forward');
  assert.equal(val.model, 'support-agent');
  assert.equal(val.responseModel, 'large');
  assert.equal(asks({ tag: 'integer', val: 4096 }).tag, 'forward');
  assert.equal(asks({ tag: 'text', val: '1' }).val.code, 'unclear_budget');
});

test('no number is small because it is too large to count to', () => {
  for (const val of [-1, 2 ** 53, 2 ** 64]) {
    assert.equal(asks({ tag: 'integer', val }).val.code, 'over_budget');
  }
});

test('a body is read before its model is judged', () => {
  assert.equal(decide({ model: { tag: 'unread' } }).tag, 'read-model');
  assert.equal(decide({ model: { tag: 'absent' } }).val.code, 'model_not_found');
});

test('all models are told, page by page', () => {
  assert.equal(policy.describe().modelCount, 2);
  const [first, second] = [policy.models(null, 1), policy.models('large', 1)];
  assert.deepEqual([first.models[0].name, first.more], ['large', true]);
  assert.deepEqual([second.models[0].name, second.more], ['small', false]);
});
