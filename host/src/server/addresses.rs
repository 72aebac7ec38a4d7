//! How many connections each client address has open.
//!
//! Counted by the address the network shows: whom hops speak of is known only once a request is
//! there. An address of IPv6 stands for its /64, which one customer has to itself.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::ForwardedSettings;
use crate::listener::client_network::client_network;

/// How many connections each client address has open.
#[derive(Debug)]
pub(super) struct Addresses {
    limit: u32,
    hops: ForwardedSettings,
    open: Mutex<HashMap<IpAddr, u32>>,
}

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    /// `None` for a hop, which stands for many clients.
    of: Option<(Arc<Addresses>, IpAddr)>,
}

impl Counted {
    /// A proxy stands for many clients.
    pub(super) const fn nobody() -> Self {
        Self { of: None }
    }
}

impl Addresses {
    pub(super) fn new(limit: u32, hops: &ForwardedSettings) -> Arc<Self> {
        Arc::new(Self {
            limit,
            hops: hops.clone(),
            open: Mutex::default(),
        })
    }

    /// Counts one more connection, unless its address has as many as it may.
    pub(super) fn count(self: &Arc<Self>, peer: IpAddr) -> Option<Counted> {
        let peer = peer.to_canonical();
        if self.hops.trusts(peer) {
            return Some(Counted { of: None });
        }
        let address = client_network(peer);
        let mut open = self.open();
        let count = open.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Counted {
            of: Some((Arc::clone(self), address)),
        })
    }

    /// Never held across anything slow, and right at every moment.
    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((addresses, address)) = &self.of else {
            return;
        };
        if let Entry::Occupied(mut count) = addresses.open().entry(*address) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Arc<Addresses> {
        let hops = ForwardedSettings {
            trust: vec!["10.0.0.0/8".parse().unwrap()],
            ..ForwardedSettings::default()
        };
        Addresses::new(2, &hops)
    }

    #[test]
    fn an_address_has_as_many_as_it_may_and_gets_them_back() {
        let addresses = addresses();
        let count = |text: &str| addresses.count(text.parse().unwrap());
        let (one, _two) = (
            count("192.0.2.1").unwrap(),
            count("::ffff:192.0.2.1").unwrap(),
        );
        assert!(count("192.0.2.1").is_none());
        assert!(count("192.0.2.2").is_some(), "another has its own");
        drop(one);
        assert!(count("192.0.2.1").is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_customer() {
        let addresses = addresses();
        let count = |text: &str| addresses.count(text.parse().unwrap());
        let _held = (count("2001:db8::1").unwrap(), count("2001:db8::2").unwrap());
        assert!(count("2001:db8::3").is_none());
        assert!(count("2001:db8:0:1::1").is_some());
    }

    #[test]
    fn a_hop_stands_for_many() {
        let addresses = addresses();
        let hop = "10.1.2.3".parse().unwrap();
        let held: Vec<_> = (0..10).map(|_| addresses.count(hop).unwrap()).collect();
        assert_eq!(held.len(), 10);
        assert!(addresses.open().is_empty(), "nobody is counted");
    }

    #[test]
    fn whoever_has_none_open_takes_no_memory() {
        let addresses = addresses();
        drop(addresses.count("192.0.2.1".parse().unwrap()));
        assert!(addresses.open().is_empty());
    }
}
