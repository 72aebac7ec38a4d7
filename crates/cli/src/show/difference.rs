//! Where a shadow differs from what serves.

use signalbox_swap::{BesideOverview, Difference, Sample};

use super::{plain, time};

/// Lines on what a shadow found, indented.
pub(crate) fn lines(beside: &BesideOverview) -> Vec<String> {
    let mut lines = vec![format!(
        "    compared {}, skipped {}, {}",
        beside.compared,
        beside.skipped,
        if beside.differences.is_empty() {
            "no difference"
        } else {
            "differences:"
        }
    )];
    lines.extend(beside.differences.iter().map(difference));
    if let Some(after) = beside.promote_after {
        lines.push(format!(
            "    is promoted automatically after {after} requests without a difference that is \
             not accepted; {} so far",
            beside.clean
        ));
    }
    if !beside.samples.is_empty() {
        lines.push("    the latest:".to_owned());
        lines.extend(beside.samples.iter().take(SAMPLES).map(sample));
    }
    lines
}

fn difference(difference: &Difference) -> String {
    let route = match difference.route.as_str() {
        "" => "(no route)".to_owned(),
        route => plain(route),
    };
    let accepted = if difference.accepted {
        "  accepted"
    } else {
        ""
    };
    format!(
        "      {:>8}  {:<16}  {route}{accepted}",
        difference.count,
        difference.kind.word()
    )
}

fn sample(sample: &Sample) -> String {
    let model = sample.model.as_deref().map(plain);
    let model = model.map_or_else(String::new, |model| format!(" model {model}"));
    format!(
        "      {}  {}  {}{model}: {} serves, candidate {}",
        time(sample.at),
        plain(&sample.caller),
        plain(&sample.request),
        plain(&sample.live),
        plain(&sample.candidate),
    )
}

/// Of each candidate; `--json` has all that the host keeps.
const SAMPLES: usize = 5;
