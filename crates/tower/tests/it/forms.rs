//! Forms that are larger than memory holds of them.

use std::sync::Arc;

use signalbox_gate::Gate;
use signalbox_tower::PolicyLayer;

use crate::body::{Piece, Pieces};
use crate::fixture::{Engine, gate, head};
use crate::gt::Gt;
use crate::runtime::ByHand;
use crate::stage::{code, json, layer, play, request};

/// A form of 1 MiB whose model comes last.
fn form(model: &str) -> Vec<u8> {
    let part = |name: &str, value: &str| {
        format!("--bb\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "sound ".repeat((1 << 20) / 6);
    (part("file", &file) + &part("model", model) + "--bb--\r\n").into_bytes()
}

fn small_memory() -> Arc<Gate> {
    gate(&Arc::default(), Engine::Known, |settings, _| {
        settings.multipart_memory = 1_000;
    })
}

fn send(layer: &PolicyLayer, gt: &Gt) -> (u16, Option<Vec<u8>>) {
    let pieces = form("gpt-4o");
    let pieces = pieces.chunks(50_000);
    let pieces = pieces.map(|piece| Piece::Data(bytes::Bytes::copy_from_slice(piece)));
    let headers = [("content-type", "multipart/form-data; boundary=bb")];
    let head = head("POST", "/v1/audio/transcriptions", &headers);
    let (status, _, body) = play(layer, gt, request(head, Pieces::new(pieces)));
    (status, body)
}

#[test]
fn a_form_that_is_held_on_disk_goes_on_as_it_came_but_for_its_model() {
    let (gate, folder) = (small_memory(), tempfile::tempdir().unwrap());
    let layer = layer(&gate).with_runtime(ByHand::default());
    let layer = layer.with_spool(folder.path());
    let gt = Gt::answering([json("{}")]);
    assert_eq!(send(&layer, &gt).0, 200);
    let told = gt.told.lock().unwrap();
    assert!(told.sent[0].1.as_deref() == Some(&form("support-agent")));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let capacity = gate.capacity();
    assert_eq!((capacity.memory.held(), capacity.disk.held()), (0, 0));
}

#[test]
fn without_a_place_for_it_a_form_is_refused() {
    let gate = small_memory();
    let absent = tempfile::tempdir().unwrap().path().join("absent");
    let places = [
        layer(&gate),
        layer(&gate).with_runtime(ByHand::default()),
        layer(&gate).with_spool(absent.parent().unwrap()),
        layer(&gate)
            .with_runtime(ByHand::default())
            .with_spool(absent),
    ];
    for layer in places {
        let gt = Gt::answering([json("{}")]);
        let (_, body) = send(&layer, &gt);
        assert_eq!(code(body.as_deref()), "spool_failed");
        assert_eq!(gt.told.lock().unwrap().calls, 0);
    }
}
