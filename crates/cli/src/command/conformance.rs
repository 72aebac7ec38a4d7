//! `signalbox conformance`: plays the suite of exchanges against a set-up of somebody's own.

mod print;
mod secrets;
mod target;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::ValueEnum;
use signalbox_conformance::{Deviations, Gt, Stage, Suite, Topic, Verdict, Version, verdicts};

use crate::{
    exit::{Exit, Misused},
    output,
};
use secrets::Secrets;
use target::Target;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where clients reach what is tested, without TLS.
    #[arg(long, value_name = "URL")]
    target: Target,
    /// Where this command listens as GT: what is tested sends its requests here.
    #[arg(long, value_name = "ADDRESS")]
    gt: SocketAddr,
    /// The suite: `tests/conformance` of the repository.
    #[arg(long, value_name = "FOLDER", default_value = "tests/conformance")]
    suite: PathBuf,
    /// YAML with what stands for the suite's tokens and GT keys, if it is not they.
    #[arg(long, value_name = "KEYS.yaml")]
    keys: Option<PathBuf>,
    /// What may be otherwise: a list as in `tests/conformance/doors`.
    #[arg(long, value_name = "LIST.json")]
    allow: Option<PathBuf>,
    /// The configuration of the fixture that is tested; files for another one are left out.
    #[arg(long, value_name = "NAME", default_value = "signalbox.yaml")]
    configuration: String,
    /// Only these files, by name.
    #[arg(long, value_delimiter = ',', value_name = "FILE")]
    only: Vec<String>,
    /// The version of HTTP that is spoken.
    #[arg(long, value_enum, default_value_t = Http::Http1)]
    http: Http,
    /// How to print the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Http {
    /// HTTP/1.1.
    #[value(name = "1.1")]
    Http1,
    /// HTTP/2 without TLS, begun with its preface.
    #[value(name = "2")]
    Http2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What is wrong, and how many are not.
    Text,
    /// One JSON document.
    Json,
    /// JUnit XML, as CI systems read it.
    Junit,
}

/// What became of the exchanges of one file.
struct Played {
    file: String,
    verdicts: Vec<(String, Verdict)>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let suite = Suite::at(&arguments.suite);
    let topics = arguments.topics(&suite)?;
    let list = arguments.list()?;
    arguments.target.reach()?;
    let gt = Gt::listen(arguments.gt);
    let gt = gt.with_context(|| format!("cannot listen as GT at {}", arguments.gt))?;
    // What goes wrong within an exchange is what becomes of it.
    std::panic::set_hook(Box::new(|_| {}));
    let mut played = Vec::new();
    for (file, topic) in topics {
        let list = without_swaps(&list, &file, &topic);
        let start = |_: &Topic| {
            let target = arguments.target.clone();
            Stage::new(Box::new(target), gt.clone(), |_| Vec::new())
        };
        let verdicts = verdicts(&list, &file, &topic, &start);
        played.push(Played { file, verdicts });
    }
    drop(std::panic::take_hook());
    print(arguments.format, &played)?;
    let mut all = played.iter().flat_map(|file| &file.verdicts);
    let is_wrong = all.any(|(_, verdict)| matches!(verdict, Verdict::Wrong(_)));
    Ok(if is_wrong {
        Exit::CasesFailed
    } else {
        Exit::Ok
    })
}

impl Arguments {
    /// The files that are played, with the secrets of the set-up.
    fn topics(&self, suite: &Suite) -> anyhow::Result<Vec<(String, Topic)>> {
        let secrets = match &self.keys {
            Some(path) => Secrets::read(path)?,
            None => Secrets::default(),
        };
        let names = suite.names()?;
        if let Some(unknown) = self.only.iter().find(|name| !names.contains(name)) {
            let known = names.join(", ");
            let why = format!("the suite has no file `{unknown}`; it has {known}");
            return Err(Misused(why).into());
        }
        let mut topics = Vec::new();
        for name in names {
            let topic = suite.read(&name)?;
            let is_wanted = self.only.is_empty() || self.only.contains(&name);
            if is_wanted && topic.configuration == self.configuration {
                let topic = topic.with_words(|word| secrets.of(word))?;
                topics.push((name, topic));
            }
        }
        if topics.is_empty() {
            let why = format!("no file is for the configuration `{}`", self.configuration);
            return Err(Misused(why).into());
        }
        Ok(topics)
    }

    fn list(&self) -> anyhow::Result<Deviations> {
        let read = |path: &Path| Deviations::at(path);
        let list = self.allow.as_deref().map(read).transpose()?;
        let mut list = list.unwrap_or_else(|| Deviations::none("the target"));
        list.over = vec![match self.http {
            Http::Http1 => Version::Http1,
            Http::Http2 => Version::Http2,
        }];
        Ok(list)
    }
}

/// Nobody here can swap a policy of the set-up.
fn without_swaps(list: &Deviations, file: &str, topic: &Topic) -> Deviations {
    let mut list = list.clone();
    for exchange in topic.exchanges.iter().filter(|exchange| exchange.swaps()) {
        list.leave_out("a policy is swapped in it", file, &exchange.name);
    }
    list
}

fn print(format: Format, played: &[Played]) -> anyhow::Result<()> {
    match format {
        Format::Text => output::data(&print::text(played)),
        Format::Json => output::json(&print::json(played)),
        Format::Junit => output::data(print::junit(played)?.trim_end()),
    }
}
