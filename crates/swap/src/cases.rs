//! The step `cases`: what the component carries, then the operator's, then the sender's.

use std::time::{Duration, Instant};

use signalbox_cases::{CaseResult, Outcome, carried_cases};
use signalbox_policy::Case;
use signalbox_runtime::Plugin;

use crate::transaction_recorder::StepError;

/// Runs all of them; says how many there are.
pub(crate) fn run(
    plugin: &Plugin,
    operator: Option<&[u8]>,
    sender: Option<&[u8]>,
) -> Result<String, StepError> {
    let carried = carried_cases(plugin).map_err(|error| {
        StepError::of(&error, "build it again with `signalbox build --cases FILE`")
    })?;
    let (mut count, mut skipped) = (0, 0);
    let began = Instant::now();
    for (whose, cases) in [
        ("its own", carried),
        ("the operator's", read("operator", operator)?),
        ("the sender's", read("sender", sender)?),
    ] {
        let left_out = cases.iter().filter(|case| case.skip.is_some()).count();
        skipped += left_out;
        count += cases.len() - left_out;
        for case in &cases {
            if began.elapsed() > LONGEST {
                let message = format!("the cases took more than {} s", LONGEST.as_secs());
                return Err(StepError::new(
                    message,
                    "give it fewer cases, or faster code",
                ));
            }
            check(plugin, whose, case)?;
        }
    }
    Ok(match skipped {
        0 => format!("{count} passed"),
        _ => format!("{count} passed, {skipped} skipped"),
    })
}

fn read(whose: &str, json: Option<&[u8]>) -> Result<Vec<Case>, StepError> {
    let Some(json) = json else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(json).map_err(|error| {
        StepError::new(
            format!("the {whose}'s cases are no JSON array of cases: {error}"),
            "`signalbox test --cases FILE` reads them and says what is wrong",
        )
    })
}

fn check(plugin: &Plugin, whose: &str, case: &Case) -> Result<(), StepError> {
    let report = signalbox_cases::run(plugin, std::slice::from_ref(case));
    report.results.into_iter().try_for_each(|result| {
        let CaseResult { name, request, outcome } = result;
        let why = match outcome {
            Outcome::Pass | Outcome::Skipped(_) => return Ok(()),
            Outcome::Error(why) => why,
            Outcome::Fail { expected, actual, .. } => format!("expected {expected}, got {actual}"),
        };
        Err(StepError::new(
            format!("case `{name}`, {whose}: {request}: {why}"),
            "`signalbox test FILE`, with `--cases CASES.yaml` for those of another file, runs them without a host; correct the policy, or the case",
        ))
    })
}

/// 3,000 cases of the slowest policy there may be; a compiled document's take microseconds each.
const LONGEST: Duration = Duration::from_secs(30);
