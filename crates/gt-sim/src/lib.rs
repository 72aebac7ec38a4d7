//! A stand-in for the GT tenant API, for tests, for `signalbox demo` and for people without a tenant.
//!
//! It serves every documented route under `/api/tenant/v1/`, is strict where the documentation is strict, and makes
//! its answers from the request alone: no model runs, no provider exists, so no provider's name can leak.
//!
//! ```no_run
//! use signalbox_gt_sim::{Key, Scope, Simulator, Tenant};
//!
//! # async fn example() -> std::io::Result<()> {
//! let key = Key::inference("app", "gtak_example")
//!     .scopes([Scope::Chat, Scope::Embed])
//!     .agent_aliases(["support-agent"]);
//! let simulator = Simulator::bind(([127, 0, 0, 1], 0).into(), Tenant::demo().key(key)).await?;
//! let handle = simulator.handle(); // what was asked, keys, faults
//! simulator.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Documented, and chosen
//!
//! | matter | documented by GT | chosen here |
//! | --- | --- | --- |
//! | paths | `/api/tenant/v1/*` | anything else is a JSON 404, also without a key; a known path with another method is 405 |
//! | keys | `Authorization: Bearer gtak_…`, purpose, scopes, two allow-lists, dataset targets, links | 401 `invalid_api_key` for none, two, unknown and revoked alike |
//! | scopes | one for each route; listing, conversations and file status name none | 403 `missing_scope`; 403 `purpose_not_allowed` for an upload key on an inference route |
//! | models | published ∩ allowed, and the scope; agent aliases and raw models are separate lists | 404 `model_not_found` with one message; 400 `model_not_supported` for a name without that modality; an upload key sees an empty list |
//! | order of checks | — | path, method, key, purpose, scope, dataset, conversation, content type, body, model |
//! | errors | — | OpenAI's shape; a refused request's body is read (to 64 MiB) before the answer; JSON bodies over 32 MiB are 413 |
//! | chat | OpenAI-shaped content for `model` and `messages` | echoes the last user message; `n` must be 1; a tool is called if `tool_choice` names or requires one, or the user message names it; `response_format` gives JSON made from the schema; other fields are ignored |
//! | streaming | tokens stream | OpenAI's chunks, one per word; `Tenant::pace` or `metadata: {gt_sim_chunks, gt_sim_pause_ms}` change number and pace |
//! | `usage` | — | of chats and embeddings, words for tokens; in a stream only if `include_usage` asks for it; `metadata: {gt_sim_cached_tokens, gt_sim_reasoning_tokens}` add the details |
//! | embeddings | `input`, `encoding_format` float or base64 | 8 dimensions of unit length from a hash; strings and token arrays; `dimensions` 1–8 |
//! | transcription | multipart `model` and `file` | a strict grammar; other fields ignored; `response_format` json, text or `verbose_json` |
//! | speech | `model`, `input` | silence; mp3 unless `response_format` says otherwise |
//! | images | `model`, `prompt` | one-pixel PNGs; `url` (a `data:` URL) unless `b64_json` is asked for |
//! | raw models | chat, embeddings, conversations | not for audio and images |
//! | conversations | created by `POST /v1/conversations`, id in `X-GT-Conversation-Id`; the key must be able to use `model` | inference and conversation keys may; the id is also `id` in JSON; it belongs to the key that made it, for others 404; only the last user message is added to the stored turns; any allowed model may answer in it |
//! | conversation uploads | the header, and a linked upload key or the right on the key | 400 `missing_conversation` without it; 403 `conversation_uploads_not_allowed` |
//! | dataset uploads | `datasets:write` and the target on the key | 403 `dataset_not_allowed`; 404 for a target the tenant lacks |
//! | file status | `ready` or `failed` at last; `/v1/uploads/{id}` is the same | `processing` for two polls (`Tenant::polls_until_ready`); `failed` if the file name contains `fail`; only for the key that uploaded, else 404 |
//! | uploads | multipart `file` | counted and hashed, not kept; no size limit |
//! | limits, quotas | — | none |
//! | `x-request-id` | — | on every answer, made here |

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod access;
mod answer;
mod bounded;
mod encode;
mod events;
mod failure;
mod fault;
mod fields;
mod form;
mod handle;
mod inbound;
mod key;
mod lock;
mod progress;
mod record;
mod refusal;
mod route;
mod routes;
mod server;
mod service;
mod shared;
mod spoil;
mod tenant;

pub use fault::{After, Break, Fault};
pub use handle::{Handle, StreamHold, UnknownKey};
pub use key::{Key, Purpose, Scope};
pub use progress::Progress;
pub use record::Recorded;
pub use server::Simulator;
pub use tenant::{Modality, Pace, Published, Tenant};
