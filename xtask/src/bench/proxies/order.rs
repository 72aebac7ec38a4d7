//! In which order contenders take their turns: shuffled anew for each round, so that nobody always
//! comes after the same one, and the same in every run with the same seed.

/// A small generator of even numbers for shuffling, SplitMix64; not for secrets.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Every order is as likely as every other, but for one part in 2^60.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let below = u64::try_from(last).map_or(u64::MAX, |last| last + 1);
            let chosen = usize::try_from(self.next() % below).unwrap_or(last);
            items.swap(last, chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(seed: u64) -> Vec<Vec<u8>> {
        let mut chance = Chance::new(seed);
        let shuffled = |_| {
            let mut items = vec![0, 1, 2, 3];
            chance.shuffle(&mut items);
            items
        };
        (0..240).map(shuffled).collect()
    }

    #[test]
    fn one_seed_gives_one_sequence_of_orders() {
        assert_eq!(orders(1), orders(1));
        assert_ne!(orders(1), orders(2));
    }

    #[test]
    fn every_order_comes_and_loses_nobody() {
        let mut seen = orders(1);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 24, "permutations of four");
        for mut order in seen {
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3]);
        }
    }
}
