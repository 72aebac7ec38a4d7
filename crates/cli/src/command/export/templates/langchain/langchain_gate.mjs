// LangChain for JavaScript, pointed at the gate. The key comes from the environment.

@if embed
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
@end
@if no_embed
import { ChatOpenAI } from "@langchain/openai";
@end

const gate = { apiKey: process.env.SIGNALBOX_KEY, configuration: { baseURL: @{base} } };
export const chatModels = @{[chats]};

export const chat = new ChatOpenAI({ model: @{chat}, ...gate });
@if embed
export const embeddings = new OpenAIEmbeddings({ model: @{embed}, ...gate });
@end
