use std::future::poll_fn;
use std::sync::Arc;

use super::*;
use crate::budget::{Budget, Holding};

struct Budgets {
    memory: Arc<Budget>,
    disk: Arc<Budget>,
    holding: Arc<Holding>,
}

impl Budgets {
    /// A quarter of each is what one holder may have.
    fn new(memory: u64, disk: u64) -> Self {
        Self {
            memory: Budget::new(4 * memory),
            disk: Budget::new(4 * disk),
            holding: Arc::default(),
        }
    }

    fn spool(&self, memory: u64, disk: u64) -> Spool {
        let in_memory = self.memory.reserve(&self.holding, 0).unwrap();
        let on_disk = self.disk.reserve(&Arc::default(), 0).unwrap();
        Spool::new(SpoolBounds { memory, disk }, in_memory, on_disk)
    }

    fn held(&self) -> (u64, u64) {
        (self.memory.held(), self.disk.held())
    }
}

fn on_a_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

async fn all_of(mut before: Before) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = poll_fn(|context| before.poll_next(context)).await {
        all.extend_from_slice(&bytes.unwrap());
    }
    assert_eq!(before.left(), 0);
    all
}

#[test]
fn what_is_held_comes_out_in_its_order() {
    let budgets = Budgets::new(1 << 20, 1 << 20);
    let bytes: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    for (memory, piece) in [(0, 1_000), (1_000, 7), (100_000, 60_000), (1 << 20, 50_000)] {
        on_a_runtime(async {
            let mut spool = budgets.spool(memory, 1 << 20);
            for piece in bytes.chunks(piece) {
                spool.hold(piece).await.unwrap();
            }
            let mut before = spool.into_before();
            before.push(b"end".as_slice().into());
            assert_eq!(before.left(), bytes.len() as u64 + 3);
            let over = (bytes.len() as u64).saturating_sub(memory);
            let buffer = if over > 0 { PIECE as u64 } else { 0 };
            let in_memory = bytes.len() as u64 - over + buffer;
            assert_eq!(budgets.held(), (in_memory, over), "{memory}");
            assert!(all_of(before).await == [&bytes[..], b"end"].concat());
        });
        assert_eq!(budgets.held(), (0, 0), "given back");
    }
}

#[test]
fn one_body_holds_no_more_than_it_may() {
    let budgets = Budgets::new(1 << 20, 1 << 20);
    on_a_runtime(async {
        let mut spool = budgets.spool(10, 20);
        spool.hold(&[1; 30]).await.unwrap();
        let refused = spool.hold(&[1]).await;
        assert!(matches!(refused, Err(SpoolError::TooMuch)), "{refused:?}");
        drop(spool);
        assert_eq!(budgets.held(), (0, 0));
    });
}

#[test]
fn nothing_is_held_that_there_is_no_room_for() {
    let budgets = Budgets::new(PIECE as u64 + 5, 10);
    on_a_runtime(async {
        let mut spool = budgets.spool(100, 100);
        let refused = spool.hold(&[1; PIECE + 6]).await;
        assert!(matches!(refused, Err(SpoolError::TooMuch)), "{refused:?}");
        drop(spool);
        let mut spool = budgets.spool(5, 100);
        let refused = spool.hold(&[1; 16]).await;
        assert!(
            matches!(refused, Err(SpoolError::NoRoom(Spent::Share))),
            "{refused:?}"
        );
        assert_eq!(budgets.disk.held(), 0, "nothing was written");
        drop(spool);
        let mut spool = budgets.spool(1 << 20, 100);
        spool.hold(&[1; PIECE + 5]).await.unwrap();
        let refused = spool.hold(&[1]).await;
        assert!(
            matches!(refused, Err(SpoolError::NoRoom(Spent::Share))),
            "{refused:?}"
        );
        drop(spool);
        assert_eq!(budgets.held(), (0, 0));
    });
}

#[test]
fn a_file_that_is_not_read_to_its_end_gives_its_room_back() {
    let budgets = Budgets::new(1 << 20, 1 << 20);
    on_a_runtime(async {
        let mut spool = budgets.spool(0, 1 << 20);
        spool.hold(&vec![1; 3 * PIECE]).await.unwrap();
        let mut before = spool.into_before();
        let first = poll_fn(|context| before.poll_next(context)).await;
        assert_eq!(first.unwrap().unwrap().len(), PIECE);
        drop(before);
        assert_eq!(budgets.held(), (0, 0));
    });
}
