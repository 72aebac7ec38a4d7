//! `cargo xtask bench`: the figures of the README, all contenders in one interleaved run.
//!
//! Every contender proxies the same request to the same upstream with one worker, and they take
//! turns: round one of each, round two of each, and so on. What is printed is the median, and its
//! ratio to nginx in the same run, because absolute figures belong to one machine on one day.

mod contender;
pub(crate) mod instructions;
mod scratch;
mod wrk;

use anyhow::Context as _;

use crate::process::{Run, cargo, has, say};
use contender::Contender;
use scratch::Scratch;
use wrk::Sample;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// How often each contender takes its turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Seconds of one turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=30))]
    seconds: u32,
    /// Connections, one table each
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    connections: Vec<u32>,
    /// Contenders, or workloads with --instructions, by name; all that can be had here if left out
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Leave the crates' own benches out
    #[arg(long)]
    proxies_only: bool,
    #[command(flatten)]
    instructions: instructions::Arguments,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.instructions.instructions {
        return instructions::run(&arguments.instructions, &arguments.only);
    }
    install()?;
    cargo(["build", "--release", "--package", "signalbox-cli"]).run()?;
    if !arguments.proxies_only {
        for package in ["signalbox-compiler", "signalbox-http", "signalbox-tests"] {
            cargo(["bench", "--package", package, "--benches"]).run()?;
        }
    }
    let scratch = Scratch::new()?;
    let contenders = contender::start_all(&scratch, &arguments.only)?;
    for connections in &arguments.connections {
        table(&contenders, *connections, arguments)?;
    }
    Ok(())
}

fn install() -> anyhow::Result<()> {
    let packages = [
        ("wrk", "wrk"),
        ("nginx", "nginx-light"),
        ("haproxy", "haproxy"),
    ];
    for (_, package) in packages.into_iter().filter(|(program, _)| !has(program)) {
        Run::new("apt-get", ["update", "-qq"]).run()?;
        Run::new(
            "apt-get",
            ["install", "-y", "-qq", "--no-install-recommends", package],
        )
        .run()
        .with_context(|| format!("the bench needs {package}"))?;
    }
    Ok(())
}

fn table(contenders: &[Contender], connections: u32, arguments: &Arguments) -> anyhow::Result<()> {
    let mut samples: Vec<Vec<Sample>> = contenders.iter().map(|_| Vec::new()).collect();
    for _ in 0..arguments.rounds {
        for (contender, samples) in contenders.iter().zip(&mut samples) {
            samples.push(wrk::measure(contender, connections, arguments.seconds)?);
        }
    }
    let medians: Vec<Sample> = samples.iter_mut().map(|samples| median(samples)).collect();
    let nginx = contenders
        .iter()
        .zip(&medians)
        .find(|(contender, _)| contender.name == "nginx")
        .map(|(_, sample)| sample.per_second);
    say(&format!(
        "\n{connections} connection(s), {} rounds of {} s, medians\n\n\
         | contender | req/s | p50 µs | p99 µs | CPU µs/req | of nginx | errors |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        arguments.rounds, arguments.seconds
    ));
    for ((contender, sample), all) in contenders.iter().zip(&medians).zip(&samples) {
        let ratio = nginx.map_or_else(String::new, |nginx| {
            format!("{:.2}", sample.per_second / nginx)
        });
        let errors: u64 = all.iter().map(|sample| sample.errors).sum();
        say(&format!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.1} | {ratio} | {errors} |",
            contender.name, sample.per_second, sample.p50_us, sample.p99_us, sample.processor_us
        ));
    }
    Ok(())
}

/// The sample of median throughput.
fn median(samples: &mut [Sample]) -> Sample {
    samples.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}
