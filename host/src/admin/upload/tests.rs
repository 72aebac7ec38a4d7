//! Tests of reading bodies, with bodies of their own.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use http_body_util::Full;

use super::*;

/// Gives a byte each time it is asked, or never anything.
enum Drip {
    Bytes,
    Nothing,
    Declared(u64),
}

impl Body for Drip {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.get_mut() {
            Self::Bytes => {
                context.waker().wake_by_ref();
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
            }
            Self::Nothing => Poll::Pending,
            Self::Declared(_) => unreachable!("it is refused unread"),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Declared(length) => SizeHint::with_exact(*length),
            Self::Bytes | Self::Nothing => SizeHint::new(),
        }
    }
}

fn read<B: Body<Data = Bytes> + Unpin>(body: B, bounds: Bounds) -> Result<Vec<u8>, Unread> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(Upload::new(body, &HeaderMap::new()).read(bounds))
}

fn bounds(bytes: usize, idle: u64, total: u64) -> Bounds {
    Bounds {
        bytes,
        idle: Duration::from_millis(idle),
        total: Duration::from_millis(total),
    }
}

#[test]
fn a_body_is_read_whole_up_to_its_bound() {
    let body = || Full::new(Bytes::from_static(b"hello"));
    let hour = 3_600_000;
    assert_eq!(read(body(), bounds(5, hour, hour)), Ok(b"hello".to_vec()));
    assert_eq!(read(body(), bounds(4, hour, hour)), Err(Unread::TooLarge));
    assert_eq!(
        read(Drip::Bytes, bounds(100, hour, hour)),
        Err(Unread::TooLarge)
    );
    assert_eq!(
        read(Drip::Declared(101), bounds(100, hour, hour)),
        Err(Unread::TooLarge)
    );
}

#[test]
fn a_body_that_stops_or_never_ends_is_too_slow() {
    let hour = 3_600_000;
    assert_eq!(
        read(Drip::Nothing, bounds(100, 1, hour)),
        Err(Unread::TooSlow)
    );
    assert_eq!(
        read(Drip::Nothing, bounds(100, hour, 1)),
        Err(Unread::TooSlow)
    );
}
