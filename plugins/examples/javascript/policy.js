// The decision itself: a pure function of a few facts, tested in Node.

/** What the key needs for every route. */
export const SCOPE = 'inference:chat';

/** The members of a body that ask for tokens. */
export const TOKENS = ['max_tokens', 'max_completion_tokens'];

/** What a client may write, and what GT publishes; in ascending order. */
export const MODELS = [
  { name: 'large', published: 'support-agent' },
  { name: 'small', published: 'gt-small' },
];

/** The header of a request that takes part in a conversation. */
export const CONVERSATION = 'x-gt-conversation-id';

/** The models a plan has, and the tokens that one answer of them may take. */
function budget(plan) {
  return plan === 'plus'
    ? { models: ['large', 'small'], most: 4096 }
    : { models: ['small'], most: 512 };
}

/** Whether one of a key's lists has this name, or a prefix of it that ends in `*`. */
function allows(list, name) {
  const fits = (entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name);
  return list === undefined || list.some(fits);
}

/**
 * Decides one request. `models` and `published` are the names that the key may write and reach, undefined for all.
 * `plan` is its label of that name. `inConversation` says whether the request has the header CONVERSATION. `model` is
 * undefined until the body was read, and empty if it names none. `tokens` has those of TOKENS that the body has: `{ member, asked }`, where `asked`
 * is undefined if it does not say a whole number, once.
 */
export function decide(question) {
  const { purposes, scopes, model, tokens } = question;
  const { models, most } = budget(question.plan);
  const route = `${question.method} ${question.path}`;
  if (route !== 'POST /v1/chat/completions' && route !== 'GET /v1/models') {
    const message = 'Only POST /v1/chat/completions and GET /v1/models are open here.';
    return refuse(404, 'unknown_route', message);
  }
  if (!purposes.includes('inference') && !purposes.includes('conversation')) {
    return refuse(403, 'purpose_not_allowed', 'This key was not made for inference.');
  }
  if (!scopes.includes(SCOPE)) {
    return refuse(403, 'insufficient_scope', `This key needs the scope \`${SCOPE}\`.`);
  }
  if (question.inConversation && !purposes.includes('conversation')) {
    const message = `\`${CONVERSATION}\` needs a key with the purpose \`conversation\`.`;
    return refuse(403, 'conversation_not_allowed', message, CONVERSATION);
  }
  // Those of the plan that the key's own lists have: a plan widens no key.
  const open = MODELS.filter(
    ({ name, published }) =>
      models.includes(name) && allows(question.models, name) && allows(question.published, published),
  );
  if (route === 'GET /v1/models') {
    return { list: open.map(({ name }) => name) };
  }
  if (model === undefined) {
    return { readModel: true };
  }
  const known = open.find(({ name }) => name === model);
  if (!known) {
    const message = 'This key has no such model. GET /v1/models lists those it has.';
    return refuse(404, 'model_not_found', message, 'model');
  }
  for (const { member, asked } of tokens) {
    if (asked === undefined) {
      const message = `\`${member}\` must be a whole number, and be there once.`;
      return refuse(400, 'unclear_budget', message, member);
    }
    if (asked > most) {
      return refuse(400, 'over_budget', `Your plan allows \`${member}\` up to ${most}.`, member);
    }
  }
  return { forward: known.published };
}

function refuse(status, code, message, param) {
  return { refuse: { status, code, message, param } };
}
