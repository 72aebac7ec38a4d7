//! The engine: the one evaluation of the policy crate, built to wasm, over tables that the
//! compiler puts into this module's memory right after what the linker put there.
//!
//! Built by `cargo xtask engine`, which passes the linker its flags, and committed as
//! `crates/compiler/engine.wasm`. It imports nothing. Without tables every call traps, and so
//! does whatever else cannot be: a host refuses the request when a policy traps.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

mod convert;
mod memory;

use alloc::vec::Vec;

use bindings::exports::signalbox::policy::policy::{
    Decision, Description, Guest, Page, Request as WitRequest,
};
use memory::enter;
use signalbox_policy::{Header, Request, RequestedModel, decide};

#[expect(
    unsafe_code,
    reason = "generated: raises and lowers values as the canonical ABI says"
)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.2.0",
        world: "signalbox-policy",
    });
    export!(Engine with_types_in self);

    use super::Engine;
}

#[derive(Debug)]
struct Engine;

impl Guest for Engine {
    fn describe() -> Description {
        match enter().description() {
            Some(description) => convert::description(description),
            // Answers would name other routes than the host knows by their places.
            None => core::arch::wasm32::unreachable(),
        }
    }

    fn models(after: Option<alloc::string::String>, limit: u32) -> Page {
        let tables = enter();
        let mut entries = tables.catalogue_after(after.as_deref()).peekable();
        let mut room = PAGE_BYTES;
        let mut models = Vec::new();
        while models.len() < limit as usize
            && let Some(entry) = entries.next_if(|entry| convert::weight(entry) <= room)
        {
            room -= convert::weight(&entry);
            models.push(convert::model(entry));
        }
        Page {
            models,
            more: entries.peek().is_some(),
        }
    }

    fn decide(request: WitRequest) -> Decision {
        let tables = enter();
        let caller = convert::caller(request.caller);
        let headers = request.headers.iter();
        let headers: Vec<Header<'_>> = headers
            .map(|header| Header {
                name: &header.name,
                value: &header.value,
            })
            .collect();
        let model = match &request.model {
            bindings::signalbox::policy::types::RequestedModel::Unread => RequestedModel::Unread,
            bindings::signalbox::policy::types::RequestedModel::Absent => RequestedModel::Absent,
            bindings::signalbox::policy::types::RequestedModel::Named(name) => {
                RequestedModel::Named(name)
            }
        };
        let members = request.body_members.iter();
        let members: Vec<_> = members
            .map(|(name, member)| (name.as_str(), convert::body_member(member)))
            .collect();
        let request = Request {
            method: &request.method,
            path: &request.path,
            query: request.query.as_deref(),
            content_type: request.content_type.as_deref(),
            headers: &headers,
            caller: &caller,
            model,
            body_members: &members,
        };
        convert::decision(decide(&tables, &request))
    }
}

/// A host bounds what one call may give it. The largest entry takes a small part of this, so a
/// page that is not the last holds at least one.
const PAGE_BYTES: usize = 64 * 1024;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
