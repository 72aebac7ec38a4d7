//! What was measured as Markdown and as plots, which are readable on light and on dark ground.

use std::{fmt::Write as _, fs};

use super::axis::{Axis, Fallible, Memory, Point};

pub(crate) fn table(axis: &Axis) -> String {
    let mut text = format!(
        "### {}\n\n| {} | CPU µs of {} | memory held, MB |\n| ---: | ---: | ---: |\n",
        axis.title, axis.unit, axis.of
    );
    for point in &axis.points {
        let (cost, held) = (short(point.processor_us), short(megabytes(point.resident)));
        let _ = writeln!(text, "| {} | {cost} | {held} |", thousands(point.size));
    }
    text
}

pub(crate) fn memory(memory: &Memory) -> String {
    let kilobytes = |bytes: u64| short(megabytes(bytes) * 1024.0);
    format!(
        "### Memory\n\n| what | |\n| --- | ---: |\n\
         | an idle host | {} MB |\n\
         | each of 2,000 connections that were asked once and wait | {} KB |\n\
         | each of 2,000 streams that are open, with their connections | {} KB |\n\
         | given back a minute after all of them ended | {:.0} % |\n\
         | processor time of an idle host | {:.2} % of a core |\n",
        short(megabytes(memory.idle)),
        kilobytes(memory.connection),
        kilobytes(memory.stream),
        memory.given_back,
        memory.idle_processor,
    )
}

/// Writes `docs/performance/growth.md` and its plots.
pub(crate) fn write(axes: &[Axis], held: &Memory) -> Fallible<()> {
    let folder = signalbox_harness::root().join("docs/performance");
    let mut page = format!("{HEAD}\n{}\n", memory(held));
    for axis in axes {
        let _ = writeln!(
            page,
            "{}\n![{}](growth-{}.svg)\n",
            table(axis),
            axis.title,
            axis.name
        );
        fs::write(folder.join(format!("growth-{}.svg", axis.name)), svg(axis))?;
    }
    Ok(fs::write(
        folder.join("growth.md"),
        page.trim_end().to_owned() + "\n",
    )?)
}

/// Two plots below each other over one axis, which is logarithmic as the sizes are.
fn svg(axis: &Axis) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} 340\" width=\"{WIDTH}\" height=\"340\" \
         role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n",
        axis.title
    );
    curve(
        &mut text,
        30.0,
        &format!("CPU µs of {}", axis.of),
        axis,
        |point| point.processor_us,
    );
    curve(&mut text, 190.0, "memory held, MB", axis, |point| {
        megabytes(point.resident)
    });
    for point in &axis.points {
        let x = across(axis, point);
        let size = thousands(point.size);
        let _ = writeln!(
            text,
            "<text x=\"{x:.0}\" y=\"325\" text-anchor=\"middle\">{size}</text>"
        );
    }
    text + "</svg>\n"
}

fn curve(text: &mut String, top: f64, label: &str, axis: &Axis, figure: fn(&Point) -> f64) {
    let most = axis
        .points
        .iter()
        .map(figure)
        .fold(f64::MIN_POSITIVE, f64::max);
    let place = |point: &Point| {
        (
            across(axis, point),
            top + HEIGHT * (1.0 - figure(point) / most),
        )
    };
    let line: Vec<String> = axis
        .points
        .iter()
        .map(|point| {
            let (x, y) = place(point);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let _ = writeln!(
        text,
        "<text class=\"head\" x=\"{LEFT}\" y=\"{:.0}\">{label}</text>\n\
         <line class=\"base\" x1=\"{LEFT}\" y1=\"{base}\" x2=\"{right}\" y2=\"{base}\"/>\n\
         <polyline points=\"{}\"/>",
        top - 14.0,
        line.join(" "),
        base = top + HEIGHT,
        right = WIDTH - LEFT,
    );
    for point in &axis.points {
        let ((x, y), value) = (place(point), short(figure(point)));
        let _ = writeln!(
            text,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value}</text>",
            y - 6.0
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a plot")]
fn across(axis: &Axis, point: &Point) -> f64 {
    let sizes = || axis.points.iter().map(|point| (point.size as f64).ln());
    let (low, high) = (
        sizes().fold(f64::MAX, f64::min),
        sizes().fold(f64::MIN, f64::max),
    );
    let inner = WIDTH - 4.0 * LEFT;
    2.0 * LEFT + inner * ((point.size as f64).ln() - low) / (high - low)
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Three digits, or all of those before the point.
fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 10.0 => format!("{figure:.1}"),
        figure => format!("{figure:.2}"),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 24.0;
const HEIGHT: f64 = 100.0;
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#777}.head{font-weight:600}\
    polyline{fill:none;stroke:#2a7ae2;stroke-width:2}circle{fill:#2a7ae2}.base{stroke:#999}";
const HEAD: &str = "# As the work grows\n\n\
    Made by `cargo bench -p signalbox-tests --bench growth -- --write-docs`, which takes ten minutes. One worker of the \
    command, optimised, is asked by one client, one request after the other, before GT's stand-in. Where requests come \
    one by one, the worker sleeps and wakes for each: their figures are above those of a busy host, and are to be \
    compared with each other.\n";
