//! What the process that compiles is told, before the component: for which engine, and its bounds.

use std::io::{self, Read};

/// As it is written: 32 bytes, then three numbers, least significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// What the code is for, see [`crate::cache::environment::Environment`].
    pub(super) environment: [u8; 32],
    /// The most memory a guest may have: the code of some engines depends on it.
    pub(super) memory_cap: u64,
    /// Seconds on the CPU.
    pub(super) seconds: u64,
    /// Bytes of address space.
    pub(super) memory: u64,
}

impl Order {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let numbers = [self.memory_cap, self.seconds, self.memory];
        let numbers = numbers.map(u64::to_le_bytes);
        [&self.environment[..], &numbers.concat()].concat()
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut environment = [0; 32];
        from.read_exact(&mut environment)?;
        let mut number = || {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes)
                .map(|()| u64::from_le_bytes(bytes))
        };
        Ok(Self {
            environment,
            memory_cap: number()?,
            seconds: number()?,
            memory: number()?,
        })
    }
}

/// The first byte of an answer: machine code follows.
pub(super) const CODE: u8 = b'c';
/// The engine does not compile it; its words follow.
pub(super) const INVALID: u8 = b'i';
/// There was not enough memory.
pub(super) const MEMORY: u8 = b'm';
/// No engine here makes such code.
pub(super) const OTHER_ENGINE: u8 = b'o';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_read_as_it_was_written() {
        let order = Order {
            environment: [7; 32],
            memory_cap: 1,
            seconds: u64::MAX,
            memory: 1 << 30,
        };
        let bytes = order.to_bytes();
        assert_eq!(Order::read(&mut &bytes[..]).unwrap(), order);
        assert!(Order::read(&mut &bytes[1..]).is_err());
    }
}
