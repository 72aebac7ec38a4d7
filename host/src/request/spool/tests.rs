use std::future::poll_fn;

use signalbox_gate::{BodyRoom, Part};

use super::*;

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
fn what_is_written_comes_out_in_its_place() {
    let bytes: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    for piece in [1_000, PIECE, bytes.len()] {
        on_a_runtime(async {
            let folder = tempfile::tempdir().unwrap();
            let folder = Arc::new(SpoolFolder::new(folder.path(), Arc::default()));
            let mut spool = Spool::default();
            for piece in bytes.chunks(piece) {
                let piece = Bytes::copy_from_slice(piece);
                spool.append(&folder, piece).await.unwrap();
            }
            let parts = vec![
                Part::Bytes(Bytes::from_static(b"begin")),
                Part::Spooled(bytes.len() as u64),
                Part::Bytes(Bytes::from_static(b"end")),
            ];
            let before = Before::new(parts, BodyRoom::default(), spool.into_file());
            assert_eq!(before.left(), bytes.len() as u64 + 8);
            assert!(before.again().is_none(), "a file is read once");
            assert!(all_of(before).await == [b"begin", &bytes[..], b"end"].concat());
        });
    }
}

#[test]
fn what_is_in_memory_can_be_sent_again() {
    on_a_runtime(async {
        let parts = vec![Part::Bytes(Bytes::from_static(b"all"))];
        let before = Before::new(parts, BodyRoom::default(), None);
        let again = before.again().unwrap();
        assert_eq!(all_of(before).await, b"all");
        assert_eq!(all_of(again).await, b"all");
    });
}

#[test]
fn a_part_whose_file_is_not_there_breaks_the_body_off() {
    on_a_runtime(async {
        let parts = vec![Part::Spooled(3)];
        let mut before = Before::new(parts, BodyRoom::default(), None);
        let next = poll_fn(|context| before.poll_next(context)).await;
        assert!(next.unwrap().is_err());
    });
}
