//! Figures as text, as long as they mean something.

use crate::bench::proxies::report::Ratio;

/// `0.71 [0.69, 0.74]`.
pub(in crate::bench) fn ratio(ratio: Ratio) -> String {
    let median = significant(ratio.median);
    ratio.interval.map_or(median.clone(), |interval| {
        format!(
            "{median} [{}, {}]",
            significant(interval.low),
            significant(interval.high)
        )
    })
}

/// Three digits, or what is before the point.
pub(in crate::bench) fn significant(figure: f64) -> String {
    match figure.abs() {
        tiny if tiny < 0.01 => format!("{figure:.4}"),
        small if small < 0.1 => format!("{figure:.3}"),
        ratio if ratio < 10.0 => format!("{figure:.2}"),
        tens if tens < 100.0 => format!("{figure:.1}"),
        _ => thousands(figure),
    }
}

pub(in crate::bench) fn milliseconds(microseconds: f64) -> String {
    match microseconds / 1e3 {
        short if short < 0.1 => format!("{short:.3}"),
        short if short < 10.0 => format!("{short:.2}"),
        long => significant(long),
    }
}

/// A whole number with commas, of what is not negative.
pub(in crate::bench) fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_mean_something() {
        let shown = [0.0012, 0.077, 0.5, 12.34, 99.96, 11066.4, 1_234_567.0].map(significant);
        assert_eq!(
            shown,
            [
                "0.0012",
                "0.077",
                "0.50",
                "12.3",
                "100.0",
                "11,066",
                "1,234,567"
            ]
        );
        let times = [23.0, 650.0, 224_000.0].map(milliseconds);
        assert_eq!(times, ["0.023", "0.65", "224"]);
    }
}
