//! Columns that stand below each other.

/// Rows under a heading; the last column takes what room it wants.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let widths: Vec<usize> = (0..N)
        .map(|column| {
            rows.iter()
                .chain([&heading])
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let lines = [&heading].into_iter().chain(rows).map(|row| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["10", "é", "x"], ["7", "longer", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["n", "name", "rest"], &rows),
            "n   name    rest\n10  é       x\n7   longer"
        );
    }
}
