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

/** The models a plan has, and the tokens that one answer of them may take. */
function budget(plan) {
  return plan === 'plus'
    ? { models: ['large', 'small'], most: 4096 }
    : { models: ['small'], most: 512 };
}

/**
 * Decides one request. `plan` is the key's label of that name. `model` is undefined until the body was read,
 * and empty if it names none. `tokens` has those of TOKENS that the body has: `{ member, asked }`, where `asked`
 * is undefined if it does not say a whole number, once.
 */
export function decide({ method, path, scopes, plan, model, tokens }) {
  const { models, most } = budget(plan);
  const route = `${method} ${path}`;
  if (route !== 'POST /v1/chat/completions' && route !== 'GET /v1/models') {
    const message = 'Only POST /v1/chat/completions and GET /v1/models are open here.';
    return refuse(404, 'unknown_route', message);
  }
  if (!scopes.includes(SCOPE)) {
    return refuse(403, 'insufficient_scope', `This key needs the scope \`${SCOPE}\`.`);
  }
  if (route === 'GET /v1/models') {
    return { list: models };
  }
  if (model === undefined) {
    return { readModel: true };
  }
  const known = MODELS.find(({ name }) => name === model && models.includes(name));
  if (!known) {
    const message = 'Your plan has no such model. GET /v1/models lists those it has.';
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
