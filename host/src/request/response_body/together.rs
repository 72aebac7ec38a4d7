//! Joining pieces of an answer that are here together.

use std::task::{Poll, ready};

use bytes::Bytes;
use signalbox_gate::AbortReason;

/// Joins small pieces that need not be waited for, and keeps for the next time how that ended.
#[derive(Debug, Default)]
pub(super) struct Together {
    broken: Option<AbortReason>,
}

/// A piece, the end, or why there is none.
type Next = Result<Option<Bytes>, AbortReason>;

impl Together {
    /// The next piece, and those behind it if it `joins` them.
    pub(super) fn poll(&mut self, joins: bool, mut next: impl FnMut() -> Poll<Next>) -> Poll<Next> {
        if let Some(reason) = self.broken.take() {
            return Poll::Ready(Err(reason));
        }
        let first = match ready!(next())? {
            Some(first) if joins && first.len() < ENOUGH => first,
            other => return Poll::Ready(Ok(other)),
        };
        let mut joined = Vec::new();
        while joined.len() < ENOUGH
            && let Poll::Ready(piece) = next()
        {
            match piece {
                Ok(Some(piece)) => {
                    if joined.is_empty() {
                        joined.extend_from_slice(&first);
                    }
                    joined.extend_from_slice(&piece);
                }
                // It ends again when it is asked again.
                Ok(None) => break,
                Err(reason) => {
                    self.broken = Some(reason);
                    break;
                }
            }
        }
        let all = if joined.is_empty() {
            first
        } else {
            joined.into()
        };
        Poll::Ready(Ok(Some(all)))
    }

    /// Whether the answer has still to be broken off.
    pub(super) const fn is_broken(&self) -> bool {
        self.broken.is_some()
    }
}

/// From here on another piece is sent by itself.
const ENOUGH: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these, one poll after the other, until nothing is left.
    fn through(joins: bool, script: Vec<Poll<Next>>) -> Vec<Poll<Next>> {
        let mut script = script.into_iter().peekable();
        let (mut together, mut out) = (Together::default(), Vec::new());
        while script.peek().is_some() || together.is_broken() {
            let next = || script.next().unwrap_or(Poll::Pending);
            out.push(together.poll(joins, next));
        }
        out
    }

    fn piece(text: &str) -> Poll<Next> {
        Poll::Ready(Ok(Some(Bytes::copy_from_slice(text.as_bytes()))))
    }

    const END: Poll<Next> = Poll::Ready(Ok(None));
    const BROKEN: Poll<Next> = Poll::Ready(Err(AbortReason::Upstream));

    #[test]
    fn pieces_that_are_here_go_on_together() {
        let script = || {
            vec![
                piece("a"),
                piece("b"),
                Poll::Pending,
                piece("c"),
                piece("d"),
                piece("e"),
            ]
        };
        assert_eq!(through(true, script()), [piece("ab"), piece("cde")]);
        assert_eq!(through(false, script()), script());
    }

    #[test]
    fn the_end_and_a_break_come_after_what_was_before_them() {
        let ended = through(true, vec![piece("a"), piece("b"), END, END]);
        assert_eq!(ended, [piece("ab"), END]);
        let broken = through(true, vec![piece("a"), BROKEN]);
        assert_eq!(broken, [piece("a"), BROKEN]);
        assert_eq!(
            through(true, vec![Poll::Pending, BROKEN]),
            [Poll::Pending, BROKEN]
        );
    }

    #[test]
    fn what_is_large_is_neither_joined_nor_waited_for() {
        let large = "x".repeat(ENOUGH);
        let script = vec![piece(&large), piece("a"), piece(&large), piece("b")];
        let joined = piece(&format!("a{large}"));
        assert_eq!(through(true, script), [piece(&large), joined, piece("b")]);
    }
}
