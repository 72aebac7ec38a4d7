//! Tests of bodies that come line by line.

use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use super::*;

fn frames(mut body: ResponseBody) -> Vec<Result<Bytes, String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut frames = Vec::new();
        while let Some(frame) = body.frame().await {
            let is_over = frame.is_err();
            let frame = frame.map(|frame| frame.into_data().unwrap());
            frames.push(frame.map_err(|error| error.to_string()));
            if is_over {
                break;
            }
        }
        frames
    })
}

fn lines(lines: Vec<Line>) -> ResponseBody {
    let (tell, told) = mpsc::unbounded_channel();
    for line in lines {
        assert!(tell.send(line).is_ok());
    }
    ResponseBody::lines(told)
}

#[test]
fn lines_end_with_the_last_one_or_with_an_error() {
    let [a, b] = ["a\n", "b\n"].map(Bytes::from);
    let whole = lines(vec![Line::Next(a.clone()), Line::Last(b.clone())]);
    assert_eq!(frames(whole), [Ok(a.clone()), Ok(b)]);
    let cut = lines(vec![Line::Next(a.clone())]);
    assert_eq!(
        frames(cut),
        [Ok(a), Err("the answer was cut short".to_owned())]
    );
}
