//! What is a secret in somebody else's configuration: it is never copied, and not shown.

use std::iter;

/// Whether a text looks like a key of some API, or has a password in it, wherever somebody put it.
pub(super) fn is_secret(text: &str) -> bool {
    let folded = text.to_ascii_lowercase();
    let bearer = folded.trim_start().strip_prefix("bearer ");
    folded.contains("gtak_")
        || bearer.is_some_and(|token| !is_reference(token))
        || has_token(&folded)
        || has_user(&folded)
        || has_assignment(&folded, '=')
}

/// Whether a text is no name of a model because it is a secret, or may well have one in it.
pub(super) fn is_secret_name(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    let login = name.rsplit_once('@');
    is_secret(name)
        || name.contains("://")
        || name.contains(['?', '='])
        || folded.contains("bearer ")
        || has_assignment(&folded, ':')
        || login.is_some_and(|(user, host)| user.contains(':') && host.contains(['.', '/']))
}

/// Whether the text of this setting is one that nobody else should read.
pub(super) fn is_secret_value(key: &str, text: &str) -> bool {
    !is_reference(text) && (is_secret_key(key) || is_secret(text))
}

/// Whether a setting of this name is one that nobody else should read.
pub(super) fn is_secret_key(key: &str) -> bool {
    let folded: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let folded = folded.to_ascii_lowercase();
    let ends = [
        "apikey",
        "apikeys",
        "masterkey",
        "saltkey",
        "secretkey",
        "accesskeyid",
        "accesskey",
        "privatekey",
        "publickey",
        "token",
        "secret",
        "password",
        "authorization",
        "credentials",
    ];
    ends.iter().any(|end| folded.ends_with(end)) || folded == "key"
}

/// A name of a secret in place of it, or none.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let is_whole = |begin: &str, end: &str| text.starts_with(begin) && text.ends_with(end);
    text.is_empty()
        || text.starts_with("os.environ/")
        || is_whole("${", "}")
        || is_whole("${{", "}}")
        || text == "user_provided"
}

/// Whether a word of a text in lower case begins as the keys of an API do, and is as long.
fn has_token(folded: &str) -> bool {
    let marks = folded.match_indices(|c: char| !c.is_ascii_alphanumeric());
    let starts = iter::once(0).chain(marks.map(|(at, mark)| at + mark.len()));
    starts
        .filter_map(|start| folded.get(start..))
        .any(is_token_at_start)
}

fn is_token_at_start(text: &str) -> bool {
    let any = |begins: &[&str], is_random: fn(&str) -> bool| {
        let rests = begins.iter().filter_map(|begin| text.strip_prefix(begin));
        let mut words = rests.filter_map(|rest| rest.split(is_outer).next());
        words.any(is_random)
    };
    any(&BEGIN_NO_NAME, |word| word.len() >= 8)
        || any(&BEGIN_TOKENS, |word| {
            (word.len() >= 12 && has_digit(word)) || longest_run(word).len() >= 16
        })
        || any(&BEGIN_ONE_RUN, |word| {
            let run = longest_run(word);
            run.len() >= 16 || (run.len() >= 12 && has_digit(run))
        })
}

/// What ends a token, or the name of a setting.
fn is_outer(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// The longest part without punctuation.
fn longest_run(word: &str) -> &str {
    let runs = word.split(['-', '_', '.']);
    runs.max_by_key(|run| run.len()).unwrap_or_default()
}

/// Whether an address has a user, as before a password.
fn has_user(text: &str) -> bool {
    let mut addresses = text
        .match_indices("://")
        .filter_map(|(at, mark)| text.get(at + mark.len()..));
    addresses.any(|address| {
        let ends = |c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace();
        let authority = address.split(ends).next();
        authority.is_some_and(|authority| authority.contains('@'))
    })
}

/// Whether something follows the name of a secret and this mark, as in `api-key=x`.
fn has_assignment(text: &str, mark: char) -> bool {
    text.match_indices(mark).any(|(at, mark)| {
        let (before, rest) = text.split_at(at);
        let key = before.trim_end().rsplit(is_outer).next();
        let value = rest.strip_prefix(mark).unwrap_or_default().trim_start();
        key.is_some_and(is_secret_key)
            && !value.is_empty()
            && !value.starts_with(['$', '{', '<', '='])
    })
}

/// Tokens alone begin so.
const BEGIN_NO_NAME: [&str; 16] = [
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    "sk-or-v1-",
    "github_pat_",
    "glpat-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "nvapi-",
];
/// A name might begin so too; the tokens have any punctuation.
const BEGIN_TOKENS: [&str; 4] = ["sk-", "sk_", "aiza", "eyj"];
/// A name might begin so too; the tokens have no punctuation.
const BEGIN_ONE_RUN: [&str; 4] = ["gsk_", "hf_", "akia", "r8_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_wherever_they_stand() {
        for text in [
            "https://bob:hunter7@h/m",
            "openai/https://user:hunter2@host/x",
            "Bearer hunter8",
            "bearer  hunter8",
            "dep?api-key=hunter9abc12345678901",
            "key=0123456789abcdef",
            "sk-0123456789abcdef",
            "SK-0123456789ABCDEF",
            "x-sk-0123456789abcdef",
            "x_sk-proj-0123456789abcdef",
            "x/sk-abcdefghijklmnopqrst",
            "a sk-0123456789abcdef b",
            "glpat-abcdefghijklmnopqrst",
            "github_pat_11ABCDEFG0abcdefghij",
            "sk-ant-hunterhunter",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "gho_abcdefghijklmnopqrstuvwxyz0123456789",
            "hf_abcdefghijklmnopqrstuvwxyzabcdefgh",
            "gsk_abcdefghijklmnopqrstuvwxyz012345",
            "xoxb-012345678901-abcdef",
            "AKIAIOSFODNN7EXAMPLE",
            "AIzaSyA-0123456789abcdefghij_klmnopqrst",
            "gtak_x",
        ] {
            assert!(is_secret(text), "{text}");
            assert!(is_secret_name(text), "{text}");
            assert!(is_secret_value("model", text), "{text}");
        }
        for name in [
            "https://host/m",
            "dep?x",
            "a=b",
            "x/Bearer hunter8",
            "api_key:hunter8",
            "bob:hunter7@host/m",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_models_are_no_secrets() {
        for name in [
            "gpt-4o",
            "gpt-4o-mini-2024-07-18",
            "anthropic/claude-3",
            "mistral/large",
            "meta-llama/Llama-3-70b",
            "text-embedding-3-small",
            "azure/my-deployment",
            "bedrock/anthropic.claude-3-sonnet-20240229-v1:0",
            "vertex_ai/claude-3-5-sonnet@20240620",
            "ft:gpt-4o-mini-2024-07-18:acme::abcd1234",
            "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",
            "llama3:8b",
            "task-model-2024-07-18",
            "risk-model-0123456789abcdef",
            "sk-1",
            "sk-learn",
            "hf_model",
            "hf_model-2024-07-18-base",
            "keyword-token-classifier",
            "gpt-*",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_name_or_by_themselves() {
        for (key, text) in [
            ("api_key", "anything"),
            ("apiKey", "x"),
            ("OPENAI_API_KEY", "x"),
            ("master_key", "x"),
            ("Authorization", "Bearer x"),
            ("aws_secret_access_key", "x"),
            ("db_password", "x"),
            ("model", "sk-0123456789abcdef"),
            ("note", "key: gtak_x"),
            ("database_url", "postgresql://user:word@host/db"),
        ] {
            assert!(is_secret_value(key, text), "{key}: {text}");
        }
        for (key, text) in [
            ("api_key", "os.environ/OPENAI_KEY"),
            ("apiKey", "${GT_KEY}"),
            ("apiKey", "${{ secrets.GT }}"),
            ("apiKey", "user_provided"),
            ("api_key", ""),
            ("max_tokens", "100"),
            ("model", "task-model-2024-07-18"),
            ("api_base", "https://host/v1"),
            ("model", "sk-learn"),
            ("monkey", "x"),
        ] {
            assert!(!is_secret_value(key, text), "{key}: {text}");
        }
    }
}
