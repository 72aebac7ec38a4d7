//! Medians and intervals of few samples, without assumptions about how they are distributed.
//!
//! The interval of a median is between two order statistics: of `n` samples in order, the k-th from
//! below and the k-th from above hold the true median between them unless fewer than `k` samples
//! fell on one side of it, and on which side a sample falls is a fair coin. `k` is the largest for
//! which that holds with at least 95 %. Eleven samples give the second and the tenth, at 98.8 %.

/// Of an odd number the middle one, of an even number the mean of the two in the middle.
pub(super) fn median(samples: &[f64]) -> Option<f64> {
    let sorted = sorted(samples);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(middle - 1)?, upper))
}

/// Where the true median is, with at least 95 %. Fewer than six samples cannot tell.
pub(super) fn median_interval(samples: &[f64]) -> Option<Interval> {
    let from_end = order(samples.len())?;
    let sorted = sorted(samples);
    Some(Interval {
        low: *sorted.get(from_end - 1)?,
        high: *sorted.get(sorted.len() - from_end)?,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// How sure the interval of this many samples is: 0.988 of 11. `None` if there is none.
pub(super) fn coverage(samples: usize) -> Option<f64> {
    Some(1.0 - 2.0 * tail(samples, order(samples)?))
}

/// The part of `sorted` below which this part of them is: 0.99 is the 99th percentile.
pub(super) fn percentile(sorted: &[u32], part: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list in memory, from a part between 0 and 1"
    )]
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The largest `k` whose two tails have at most 5 % together.
fn order(samples: usize) -> Option<usize> {
    (1..=samples / 2)
        .take_while(|k| tail(samples, *k) <= 0.025)
        .last()
}

/// The chance that fewer than `k` of that many fair coins show heads.
fn tail(samples: usize, k: usize) -> f64 {
    let mut chance = 0.5_f64.powf(float(samples));
    let mut sum = 0.0;
    for heads in 0..k {
        sum += chance;
        chance *= float(samples - heads) / float(heads + 1);
    }
    sum
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of samples are far below 2^52"
)]
fn float(count: usize) -> f64 {
    count as f64
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up_to(count: u32) -> Vec<f64> {
        (1..=count).rev().map(f64::from).collect()
    }

    #[test]
    fn median_is_the_middle_of_odd_and_the_mean_of_even_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn interval_of_eleven_is_from_the_second_to_the_tenth() {
        let interval = median_interval(&up_to(11)).unwrap();
        assert_eq!((interval.low, interval.high), (2.0, 10.0));
        assert_eq!(coverage(11), Some(1.0 - 24.0 / 2048.0));
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // From a table of the sign test's critical values at 5 %, two-sided.
        for (samples, low) in [(6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (25, 8), (50, 18)] {
            let interval = median_interval(&up_to(samples)).unwrap();
            assert_eq!(interval.low, f64::from(low), "of {samples}");
            assert_eq!(interval.high, f64::from(samples + 1 - low), "of {samples}");
        }
    }

    #[test]
    fn five_samples_cannot_tell() {
        assert_eq!(median_interval(&up_to(5)), None);
        assert_eq!(coverage(5), None);
    }

    #[test]
    fn percentile_is_a_sample_that_this_part_is_not_above() {
        let sorted: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&sorted, 0.5), Some(100));
        assert_eq!(percentile(&sorted, 0.99), Some(198));
        assert_eq!(percentile(&[7], 0.99), Some(7));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
