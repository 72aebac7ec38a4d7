//! Who may ask: this machine, no web page, and whoever holds a token.

use http::header;
use http::request::Parts;
use subtle::ConstantTimeEq as _;

use super::error::AdminError;
use crate::config::AdminConfig;
use signalbox_gate::{Digest, is_address};

/// What it takes to be answered, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Open,
    View,
    Operate,
}

/// Only requests that were meant for this listener. The target's own host counts as well, if it has
/// one: HTTP lets it override the header.
///
/// Any address will do: probes and scrapers connect by address. DNS rebinding needs a name: a page
/// whose `host` is an address was loaded from that address.
pub(super) fn check_host(config: &AdminConfig, head: &Parts) -> Result<(), AdminError> {
    let mut named = head.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else {
        return Err(AdminError::Host);
    };
    let is_ours = |authority: &str| config.is_own_host(authority) || is_address(authority);
    let target = head.uri.authority();
    if host.to_str().is_ok_and(is_ours) && target.is_none_or(|target| is_ours(target.as_str())) {
        Ok(())
    } else {
        Err(AdminError::Host)
    }
}

/// No web page may ask, whatever its origin.
pub(super) fn check_origin(head: &Parts) -> Result<(), AdminError> {
    if head.headers.contains_key(header::ORIGIN) {
        Err(AdminError::Origin)
    } else {
        Ok(())
    }
}

/// Whether what a request's token opens is enough.
pub(super) fn check_access(held: Access, needed: Access) -> Result<(), AdminError> {
    match held {
        held if held >= needed => Ok(()),
        Access::Open => Err(AdminError::Token),
        _ => Err(AdminError::Access),
    }
}

/// What the request's token opens: without a valid one the open routes alone.
///
/// Both digests are always compared, so that time does not tell which token was nearly right.
pub(super) fn access(config: &AdminConfig, head: &Parts) -> Access {
    let mut values = head.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Access::Open;
    };
    let token = value.to_str().ok().and_then(|value| value.split_once(' '));
    let Some(("Bearer" | "bearer", token)) = token else {
        return Access::Open;
    };
    let given = Digest::of(token);
    let is = |known: &Option<Digest>| known.as_ref().map(|known| known.ct_eq(&given));
    let (operate, view) = (is(&config.operate_token), is(&config.view_token));
    if operate.is_some_and(bool::from) {
        Access::Operate
    } else if view.is_some_and(bool::from) {
        Access::View
    } else {
        Access::Open
    }
}
