//! A client, and the files that set it up.

use signalbox_policy::Endpoint;

/// One client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    /// What its runbook is called.
    pub(super) slug: &'static str,
    /// Its name, as its users know it.
    pub(super) name: &'static str,
    /// Other names that mean it.
    pub(super) also: &'static [&'static str],
    /// What its key has to be good for.
    pub(super) needs: Needs,
    /// Which kinds of models its files may name.
    pub(super) uses: &'static [Endpoint],
    pub(super) files: &'static [Template],
}

/// What a client's key has to be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// It does nothing without chat.
    Chat,
    /// Any of what it uses will do.
    Any,
    /// The same, and so will uploads into a dataset.
    AnyOrUpload,
}

/// One file for a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Template {
    pub(super) file: &'static str,
    /// What to do with it.
    pub(super) then: &'static str,
    pub(super) text: &'static str,
}

/// Chat alone.
pub(super) const CHAT: &[Endpoint] = &[Endpoint::Chat];
/// Both of them.
pub(super) const CHAT_AND_EMBEDDINGS: &[Endpoint] = &[Endpoint::Chat, Endpoint::Embeddings];

/// A file of a client, from the template of its name.
macro_rules! file {
    ($client:literal, $file:literal, $then:literal) => {
        $crate::command::export::client::Template {
            file: $file,
            then: $then,
            text: include_str!(concat!("../templates/", $client, "/", $file)),
        }
    };
}
pub(super) use file;
