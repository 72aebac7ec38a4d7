//! A bounded queue in which nobody stands behind somebody else's crowd.
//!
//! Client addresses take turns, the connections of an address take turns, and on one connection the
//! first that came is the first to go. So what waits alone on its connection is served after as many
//! others as there are connections, and not after as many as somebody could send.
//!
//! When the queue is full, the newest on the most crowded connection makes way. With room for as many
//! as there are connections, what is alone on its own never has to: where a queue is full and
//! somebody has no place, somebody else has two.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use signalbox_gate::Client;

use crate::listener::client_network::client_network;

/// Where something waits: one connection of one client address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    address: IpAddr,
    peer: SocketAddr,
}

/// A bounded queue in which nobody stands behind somebody else's crowd.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    most: usize,
    len: usize,
    addresses: HashMap<IpAddr, Connections<T>>,
    /// Addresses for which something waits, the one whose turn it is first.
    turns: VecDeque<IpAddr>,
    /// Lines of more than one, by their length.
    crowds: BTreeSet<(usize, Line)>,
}

/// The connections of an address on which something waits. None of their lines is empty.
#[derive(Debug)]
struct Connections<T> {
    lines: HashMap<SocketAddr, VecDeque<T>>,
    turns: VecDeque<SocketAddr>,
}

impl Line {
    /// Where a client's request waits. Behind a trusted hop, the connection is the hop's.
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            address: client_network(client.address),
            peer: client.peer,
        }
    }
}

impl<T> FairQueue<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            len: 0,
            addresses: HashMap::new(),
            turns: VecDeque::new(),
            crowds: BTreeSet::new(),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Adds something at the end of its line. Gives back what has to make way, which may be that.
    pub(super) fn push(&mut self, line: Line, item: T) -> Option<T> {
        let made_way = if self.len < self.most {
            None
        } else {
            match self.pop_from_crowd(self.length(line)) {
                None => return Some(item),
                made_way => made_way,
            }
        };
        let turns = &mut self.turns;
        let connections = self.addresses.entry(line.address).or_insert_with(|| {
            turns.push_back(line.address);
            Connections::default()
        });
        let length = connections.push(line.peer, item);
        self.len += 1;
        self.note_length(line, length - 1, length);
        made_way
    }

    /// The one whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        let address = self.turns.pop_front()?;
        let Entry::Occupied(mut entry) = self.addresses.entry(address) else {
            return None;
        };
        let (peer, item, left) = entry.get_mut().pop()?;
        if entry.get().turns.is_empty() {
            entry.remove();
        } else {
            self.turns.push_back(address);
        }
        self.len -= 1;
        self.note_length(Line { address, peer }, left + 1, left);
        Some(item)
    }

    /// Takes one out of its line, wherever it stands.
    pub(super) fn remove(&mut self, line: Line, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let connections = self.addresses.get_mut(&line.address)?;
        let (item, left) = connections.remove(line.peer, is_it)?;
        if connections.turns.is_empty() {
            self.addresses.remove(&line.address);
            self.turns.retain(|address| *address != line.address);
        }
        self.len -= 1;
        self.note_length(line, left + 1, left);
        Some(item)
    }

    /// The newest of the longest line, if that is longer than `length` and does not end by it.
    fn pop_from_crowd(&mut self, length: usize) -> Option<T> {
        let &(longest, line) = self.crowds.last()?;
        if longest <= length {
            return None;
        }
        let connections = self.addresses.get_mut(&line.address)?;
        let item = connections.lines.get_mut(&line.peer)?.pop_back()?;
        self.len -= 1;
        self.note_length(line, longest, longest - 1);
        Some(item)
    }

    fn length(&self, line: Line) -> usize {
        let connections = self.addresses.get(&line.address);
        let items = connections.and_then(|connections| connections.lines.get(&line.peer));
        items.map_or(0, VecDeque::len)
    }

    fn note_length(&mut self, line: Line, before: usize, after: usize) {
        self.crowds.remove(&(before, line));
        if after > 1 {
            self.crowds.insert((after, line));
        }
    }
}

impl<T> Connections<T> {
    /// Gives how many wait on the connection then.
    fn push(&mut self, peer: SocketAddr, item: T) -> usize {
        let turns = &mut self.turns;
        let line = self.lines.entry(peer).or_insert_with(|| {
            turns.push_back(peer);
            VecDeque::new()
        });
        line.push_back(item);
        line.len()
    }

    /// Takes one out of a line, and says how many are left there.
    fn remove(&mut self, peer: SocketAddr, is_it: impl Fn(&T) -> bool) -> Option<(T, usize)> {
        let line = self.lines.get_mut(&peer)?;
        let item = line.remove(line.iter().position(is_it)?)?;
        let left = line.len();
        if left == 0 {
            self.lines.remove(&peer);
            self.turns.retain(|other| *other != peer);
        }
        Some((item, left))
    }

    /// The one whose turn it is, from where it comes, and how many are left there.
    fn pop(&mut self) -> Option<(SocketAddr, T, usize)> {
        let peer = self.turns.pop_front()?;
        let line = self.lines.get_mut(&peer)?;
        let item = line.pop_front()?;
        let left = line.len();
        if left == 0 {
            self.lines.remove(&peer);
        } else {
            self.turns.push_back(peer);
        }
        Some((peer, item, left))
    }
}

impl<T> Default for Connections<T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
