//! Transactions: on threads of their own, told of line by line, ended whatever becomes of the client.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use signalbox_swap::{Entry, Outcome, Step, StepReport, Swaps};
use tokio::sync::{mpsc, oneshot};

use super::answer::{self, Answer};
use super::api::AdminApi;
use super::body::{Line, ResponseBody};
use super::error::AdminError;
use super::json;

/// How a client wants to hear of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON document when it has ended.
    Whole,
    /// A line a step as it happens, and a last one.
    Lines,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Told<'a> {
    Step(&'a StepReport),
    Entry(&'a Entry),
}

impl Form {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter();
        let names_lines = |value: &str| {
            value
                .split(',')
                .filter_map(|range| range.split(';').next())
                .any(|kind| kind.trim().eq_ignore_ascii_case(LINES))
        };
        if accepted
            .filter_map(|value| value.to_str().ok())
            .any(names_lines)
        {
            Self::Lines
        } else {
            Self::Whole
        }
    }
}

impl AdminApi {
    /// Does `work` where it may take its time, and answers with what is in the history then.
    pub(super) async fn perform(
        &self,
        form: Form,
        work: impl FnOnce(&Swaps, &mut dyn FnMut(&StepReport)) -> Entry + Send + 'static,
    ) -> Answer {
        let overview = Arc::clone(&self.overview);
        match form {
            Form::Whole => {
                let (tell, told) = oneshot::channel();
                self.works.begin(move || {
                    // A client that has left hears nothing.
                    let _ = tell.send(work(overview.swaps(), &mut |_| {}));
                });
                match told.await {
                    Ok(entry) => json::answer(status(&entry), &entry),
                    Err(_panicked) => AdminError::Internal.answer(),
                }
            }
            Form::Lines => {
                // Without bound: a transaction has a few steps for each policy, and must not wait
                // for a client that reads slowly.
                let (tell, told) = mpsc::unbounded_channel();
                self.works.begin(move || {
                    let entry = work(overview.swaps(), &mut |step| {
                        if let Ok(line) = json::line(&Told::Step(step)) {
                            let _ = tell.send(Line::Next(Bytes::from(line)));
                        }
                    });
                    if let Ok(line) = json::line(&Told::Entry(&entry)) {
                        let _ = tell.send(Line::Last(Bytes::from(line)));
                    }
                });
                answer::of(StatusCode::OK, LINES, ResponseBody::lines(told))
            }
        }
    }
}

/// Who lost against another transaction may send the same again; who failed at any other step has
/// to change something first.
fn status(entry: &Entry) -> StatusCode {
    match &entry.outcome {
        Outcome::Failed(failure) if failure.step == Step::Store => StatusCode::CONFLICT,
        Outcome::Failed(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    }
}

const LINES: &str = "application/x-ndjson";
