//! An answer over HTTP/1.1 is the same in every cut, and what we take of one hyper takes as well.

#![no_main]

use std::iter::once;

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use libfuzzer_sys::fuzz_target;
use signalbox_fuzz::cut;
use signalbox_http::http1::{
    BodyDecoder, FieldSlots, HeadScan, MAX_FIELDS, MAX_HEAD, response_head,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime,
    task::{LocalSet, spawn_local},
};

/// An answer that was read to its end.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

fuzz_target!(|input: &[u8]| {
    let Some((pieces, bytes)) = cut(input) else {
        return;
    };
    let whole = ours(&mut once(bytes));
    assert_eq!(ours(&mut pieces.iter().copied()), whole, "pieces");
    assert_eq!(ours(&mut bytes.chunks(1)), whole, "bytes");
    if let Some(answer) = whole {
        assert_eq!(Some(answer), hypers(bytes));
    }
});

/// What our client reads from a stream that ends; `None` if it is no whole answer.
fn ours(pieces: &mut dyn Iterator<Item = &[u8]>) -> Option<Answer> {
    let (mut came, mut scan) = (Vec::new(), HeadScan::new(MAX_HEAD));
    let (mut answer, mut decoder) = loop {
        if scan.is_worth_reading(&came) {
            let mut slots = FieldSlots::new();
            if let Some(head) = response_head(&came, &mut slots).ok()? {
                let framing = head.framing(false).ok()?;
                let (length, is_interim) = (head.length, head.is_interim());
                let fields = head.fields.iter();
                let fields =
                    fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec()));
                let answer = Answer {
                    status: head.status,
                    fields: fields.collect(),
                    body: Vec::new(),
                };
                came.drain(..length);
                if !is_interim {
                    break (answer, BodyDecoder::new(framing.body));
                }
                scan = HeadScan::new(MAX_HEAD);
                continue;
            }
        }
        came.extend(pieces.next()?);
    };
    while !decoder.is_done() {
        if came.is_empty() {
            match pieces.next() {
                Some(piece) => came.extend(piece),
                None => decoder.close().ok()?,
            }
        }
        let piece = decoder.decode(&came).ok()?;
        let content = came.drain(..piece.before + piece.content);
        answer.body.extend(content.skip(piece.before));
        came.drain(..piece.after);
    }
    answer.fields.sort();
    Some(answer)
}

/// What hyper's client reads.
fn hypers(bytes: &[u8]) -> Option<Answer> {
    let bytes = bytes.to_vec();
    let runtime = runtime::Builder::new_current_thread().build();
    LocalSet::new().block_on(&runtime.expect("a runtime"), async {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        spawn_local(async move {
            let mut seen = Vec::new();
            while !seen.ends_with(b"\r\n\r\n") && far.read_buf(&mut seen).await? > 0 {}
            far.write_all(&bytes).await
        });
        let mut builder = Builder::new();
        let handshake = builder
            .max_headers(MAX_FIELDS)
            .handshake(TokioIo::new(near));
        let (mut sender, connection) = handshake.await.ok()?;
        spawn_local(connection);
        let request = http::Request::new(Empty::<bytes::Bytes>::new());
        let (head, body) = sender.send_request(request).await.ok()?.into_parts();
        let fields = head.headers.iter();
        let fields = fields.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let mut fields = fields.collect::<Vec<_>>();
        fields.sort();
        Some(Answer {
            status: head.status.as_u16(),
            fields,
            body: body.collect().await.ok()?.to_bytes().to_vec(),
        })
    })
}
