// The Vercel AI SDK, pointed at the gate: for the server alone. The key comes from the environment.

import { createOpenAI } from "@ai-sdk/openai";

export const gate = createOpenAI({ baseURL: @{base}, apiKey: process.env.SIGNALBOX_KEY });
export const chatModels = @{[chats]};

// `gate.chat(…)`: `gate(…)` would call the Responses API, which GT does not have.
export const chat = gate.chat(@{chat});
@if embed
export const embedding = gate.embedding(@{embed});
@end
@if conversation

// For your own requests to GT's routes, as in `${gtBase}/v1/conversations`.
export const gtBase = @{gt_base};
@end
