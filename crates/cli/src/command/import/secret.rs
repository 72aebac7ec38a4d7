//! What is a secret in somebody else's configuration: it is never copied, and not shown.

/// Whether a text looks like a key of some API, which somebody may have pasted anywhere.
pub(super) fn is_secret(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let begins = [
        "sk-", "gtak_", "ghp_", "AKIA", "AIza", "xoxb-", "eyJ", "hf_", "gsk_",
    ];
    let looks_random =
        |word: &str| word.len() >= 16 && word.bytes().any(|byte| byte.is_ascii_digit());
    text.contains("gtak_")
        || text
            .split(|c| !is_inner(c))
            .any(|word| looks_random(word) && begins.iter().any(|begin| word.starts_with(begin)))
}

/// Whether the text of this setting is one that nobody else should read.
pub(super) fn is_secret_value(key: &str, text: &str) -> bool {
    let has_user = text.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/')
            .next()
            .is_some_and(|authority| authority.contains('@'))
    });
    !is_reference(text) && (is_secret_key(key) || is_secret(text) || has_user)
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

#[cfg(test)]
mod tests {
    use super::*;

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
