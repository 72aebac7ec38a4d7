//! `signalbox status`: what a running host serves, and how it does.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use signalbox_swap::PolicyOverview;

use crate::{
    admin::{self, Access},
    exit::Exit,
    output, show,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

#[derive(Deserialize)]
struct Policies {
    policies: Vec<PolicyOverview>,
}

/// What of `/status` people are shown.
#[derive(Deserialize)]
struct Host {
    version: String,
    uptime_seconds: u64,
    status: String,
    reasons: BTreeMap<String, String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let client = arguments.access.client()?;
    admin::block_on(async {
        let host: Value = client.read("/status").await?;
        let Policies { policies } = client.read("/policies").await?;
        if arguments.json {
            output::json(&json!({"host": host, "policies": policies}))?;
            return Ok(Exit::Ok);
        }
        let mut lines = vec![summary(&serde_json::from_value(host)?)];
        lines.extend(policies.iter().map(show::overview::whole));
        output::data(&lines.join("\n"))?;
        Ok(Exit::Ok)
    })
}

fn summary(host: &Host) -> String {
    let Host {
        version,
        uptime_seconds,
        status,
        reasons,
    } = host;
    let lasting = show::lasting(*uptime_seconds);
    let mut text = format!("{status}, version {version}, up {lasting}");
    for (part, reason) in reasons {
        text.push_str(&format!(
            "\n  {}: {}",
            show::plain(part),
            show::plain(reason)
        ));
    }
    text
}
