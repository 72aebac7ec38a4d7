//! What machine code was made for.

use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

/// A hash over everything that shapes machine code beside the component: the compiler's version,
/// the target with the features of this machine's processor, and every setting of the engine's
/// that ends up in code, which are all that ours do. What else is configured here (stack, instances,
/// budgets) holds for code of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Environment([u8; 32]);

impl Environment {
    pub(crate) fn of(engine: &Engine) -> Self {
        let mut hash = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hash);
        Self(hash.0.finalize().into())
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The standard library's own hasher has 64 bits, and may change with its version.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The first 64 bits; what is used is the whole.
    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(self.0.clone().finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Allocation, Settings, engine};

    fn environment(allocation: Allocation) -> Environment {
        let settings = Settings {
            workers: 1,
            allocation,
            ..Settings::default()
        };
        Environment::of(&engine::build(&settings).unwrap())
    }

    #[test]
    fn it_is_the_same_for_equal_engines_and_another_where_code_differs() {
        let on_demand = environment(Allocation::OnDemand);
        assert_eq!(on_demand, environment(Allocation::OnDemand));
        // Code with bounds checks must not run where guard pages are counted on, or the other way.
        assert_ne!(
            environment(Allocation::Pool),
            environment(Allocation::SmallPool)
        );
    }
}
