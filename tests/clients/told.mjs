// What the scripts here are told through their environment, and how they answer.
//
// `BASE_URLS` are one or more base URLs: a script does the same at each, in one process, and prints
// what came of it as one JSON array with an entry for each base.

const { API_KEY, CHAT_KEY, BASE_URLS } = process.env;

export const KEY = API_KEY;
// A key whose only scope is `inference:chat`, under the same policy.
export { CHAT_KEY };

// Words that a careless rewrite of JSON would change.
export const QUESTION = 'What is "the weather" in Köln? 🚂';

export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

export const WEATHER = {
  type: "function",
  function: { name: "get_weather", description: "The weather of a city.", parameters: CITY },
};

export function distinct(words) {
  return [...new Set(words)].sort();
}

/** Prints what `facts` gives for each base. */
export async function report(facts) {
  const all = [];
  for (const base of BASE_URLS.split(" ")) all.push(await facts(base));
  console.log(JSON.stringify(all));
}
