//! What a request costs, and what memory is held, as the work grows: connections, bodies, models,
//! keys, generations and streams. One worker of the command, optimised, with GT's stand-in behind it.
//!
//! `cargo bench -p signalbox-tests --bench growth` prints tables; names after `--` are the axes to
//! measure, and `--write-docs` puts tables and plots into `docs/performance/`.

#[path = "growth/axes.rs"]
mod axes;
#[path = "growth/axis.rs"]
mod axis;
#[path = "growth/host.rs"]
mod host;
#[path = "growth/page.rs"]
mod page;

use axis::Fallible;

#[expect(clippy::print_stdout, reason = "a program that prints tables")]
fn main() -> Fallible<()> {
    // Cargo adds `--bench` by itself.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let (switches, names): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.starts_with('-'));
    if let Some(unknown) = switches.iter().find(|word| word.as_str() != "--write-docs") {
        return Err(format!("there is no {unknown}, but --write-docs").into());
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| !axes::ALL.iter().any(|axis| axis.0 == name.as_str()))
    {
        return Err(format!("there is no axis {unknown}, but {}", axes::names()).into());
    }
    let mut measured = Vec::new();
    for (name, measure) in axes::ALL {
        if names.is_empty() || names.iter().any(|chosen| *chosen == name) {
            let axis = measure()?;
            println!("{}", page::table(&axis));
            measured.push(axis);
        }
    }
    let memory = names.is_empty().then(axes::memory).transpose()?;
    if let Some(memory) = &memory {
        println!("{}", page::memory(memory));
    }
    match (switches.is_empty(), memory) {
        (true, _) => Ok(()),
        (false, Some(memory)) => page::write(&measured, &memory),
        (false, None) => Err("--write-docs goes with all axes".into()),
    }
}
