//! The signed statement beside a policy file.

use std::{ffi::OsString, fs, io::ErrorKind, path::Path};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use signalbox_runtime::Digest;
use signalbox_swap::{
    Presented, Signer, Signers, SignsFor, Statement, VerifyingKey, error_chain, verifying_key,
};

/// A statement, and what is to be thought of it.
pub(super) struct Beside {
    pub(super) file: String,
    pub(super) read: Result<Said, String>,
}

/// What it says.
pub(super) struct Said {
    pub(super) statement: Statement,
    /// What it calls the key it is signed with. Anybody can write that.
    pub(super) signer: String,
    /// Whether it is about this component.
    pub(super) is_about_this: bool,
    /// Whether the given key signed it; `None` if none is given.
    pub(super) checked: Option<Result<(), String>>,
}

impl Beside {
    /// What lies where a host looks for it; nothing if there is none.
    pub(super) fn read(
        policy: &Path,
        digest: &Digest,
        public_key: Option<&VerifyingKey>,
    ) -> anyhow::Result<Option<Self>> {
        let mut path = OsString::from(policy);
        path.push(".statement");
        let file = Path::new(&path).display().to_string();
        let envelope = match fs::read(&path) {
            Ok(envelope) => envelope,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
        };
        let read = match Statement::unverified(&envelope) {
            Err(error) => Err(error_chain(&error)),
            Ok(statement) => Ok(Said {
                checked: public_key.map(|key| check(&envelope, &statement, digest, *key)),
                signer: signer(&envelope).unwrap_or_default(),
                is_about_this: statement.digest == *digest,
                statement,
            }),
        };
        Ok(Some(Self { file, read }))
    }
}

/// As a host would that trusts this key alone, where the statement wants to hold.
fn check(
    envelope: &[u8],
    statement: &Statement,
    digest: &Digest,
    key: VerifyingKey,
) -> Result<(), String> {
    let mut environments = statement.environments.iter().flatten();
    let signers = Signers::new(
        true,
        vec![Signer {
            id: signer(envelope).unwrap_or_default(),
            key,
            policies: SignsFor::All,
        }],
    )
    .in_environment(environments.next().cloned());
    let checked = signers.check(&Presented {
        policy: &statement.policy,
        digest,
        statement: Some(envelope),
        last: None,
        now: Timestamp::now(),
    });
    checked.map(drop).map_err(|error| error_chain(&error))
}

/// The key that a statement has to be signed with.
pub(super) fn public_key(path: &Path) -> anyhow::Result<VerifyingKey> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    verifying_key(text.trim()).with_context(|| format!("cannot use {name}"))
}

fn signer(envelope: &[u8]) -> Option<String> {
    let envelope: Value = serde_json::from_slice(envelope).ok()?;
    Some(
        envelope
            .pointer("/signatures/0/keyid")?
            .as_str()?
            .to_owned(),
    )
}

impl Beside {
    /// Whether the given key signed it, about this component.
    pub(super) fn is_signed(&self) -> bool {
        let checked = self
            .read
            .as_ref()
            .ok()
            .and_then(|said| said.checked.as_ref());
        checked.is_some_and(Result::is_ok)
    }

    pub(super) fn to_json(&self) -> Value {
        let said = match &self.read {
            Err(why) => return json!({"file": self.file, "error": why}),
            Ok(said) => said,
        };
        let statement = &said.statement;
        let checked = said.checked.as_ref().map(|checked| match checked {
            Ok(()) => json!({"ok": true}),
            Err(why) => json!({"ok": false, "error": why}),
        });
        json!({
            "file": self.file,
            "signer": said.signer,
            "policy": statement.policy,
            "serial": statement.serial,
            "not_after": statement.not_after.to_string(),
            "environments": statement.environments,
            "digest": statement.digest.to_string(),
            "is_about_this": said.is_about_this,
            "checked": checked,
        })
    }

    /// What people want to know of it, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let said = match &self.read {
            Err(why) => return vec![format!("{}: {why}", self.file)],
            Ok(said) => said,
        };
        let statement = &said.statement;
        let within = match &statement.environments {
            None => String::new(),
            Some(names) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                format!(" in {}", names.join(", "))
            }
        };
        let mut lines = vec![format!(
            "{}: says `{}`, for `{}`{within} until {}, serial {}",
            self.file, said.signer, statement.policy, statement.not_after, statement.serial
        )];
        if !said.is_about_this {
            lines.push("it is about another component".to_owned());
        }
        lines.push(match &said.checked {
            None => "not checked; --public-key KEY.pem checks who signed it".to_owned(),
            Some(Ok(())) => "signed with the given key".to_owned(),
            Some(Err(why)) => format!("a host that trusts the given key refuses it: {why}"),
        });
        lines
    }
}
