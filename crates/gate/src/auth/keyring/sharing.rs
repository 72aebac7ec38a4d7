//! Who may share a GT key for conversations and files.

use std::collections::HashMap;
use std::hash::Hash;

use signalbox_policy::Purpose;

use super::check::entry_error;
use super::{Key, KeyProblem, Keyring, KeyringError};
use crate::auth::digest::Digest;

/// By what the keys call them: all that a keyring alone can tell.
pub(super) fn check_names(keyring: &Keyring) -> Result<(), KeyringError> {
    check(keyring, |name| Some(name.to_owned()))
}

/// By what the names stand for.
pub(super) fn check_identities(
    keyring: &Keyring,
    identity: &dyn Fn(&str) -> Option<Digest>,
) -> Result<(), KeyringError> {
    for key in keyring.iter() {
        for purpose in Purpose::ALL {
            let name = key.credentials.name(purpose);
            // A default that is not configured is reported when it is asked for: a host without
            // uploads need not have a GT key for them.
            if name != purpose.word() && identity(name).is_none() {
                let problem = KeyProblem::UnknownCredential {
                    name: name.to_owned(),
                };
                return Err(refuse(key, purpose, problem));
            }
        }
    }
    check(keyring, identity)
}

fn check<I: Eq + Hash>(
    keyring: &Keyring,
    identity: impl Fn(&str) -> Option<I>,
) -> Result<(), KeyringError> {
    let mut owners: HashMap<I, &Key> = HashMap::new();
    for key in keyring.iter() {
        for purpose in [Purpose::Upload, Purpose::Conversation] {
            if !key.caller.purposes.contains(purpose) {
                continue;
            }
            let name = key.credentials.name(purpose);
            let Some(identity) = identity(name) else {
                continue;
            };
            let owner = *owners.entry(identity).or_insert(key);
            let are_one = owner.caller.id == key.caller.id
                || (owner.group.is_some() && owner.group == key.group);
            if !are_one {
                let (other, credential) = (owner.caller.id.clone(), name.to_owned());
                let problem = KeyProblem::SharedCredential { other, credential };
                return Err(refuse(key, purpose, problem));
            }
        }
    }
    Ok(())
}

fn refuse(key: &Key, purpose: Purpose, problem: KeyProblem) -> KeyringError {
    let field = format!("credentials.{}", purpose.word());
    entry_error(key.position, &key.caller.id, &field, problem)
}
