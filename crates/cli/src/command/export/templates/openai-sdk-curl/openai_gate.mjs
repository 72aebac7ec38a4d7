// OpenAI's SDK for JavaScript, pointed at the gate. The key comes from the environment.

import OpenAI from "openai";

export const client = new OpenAI({ baseURL: @{base}, apiKey: process.env.SIGNALBOX_KEY });
export const chatModels = @{[chats]};
export const embeddingModels = @{[embeds]};
