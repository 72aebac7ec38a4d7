//! Sets of header names.

/// Names of headers. Of most others their length alone tells that they are none of these.
#[derive(Debug)]
pub(super) struct Names {
    /// One bit for each length that a name has.
    lengths: u32,
    names: &'static [&'static str],
}

impl Names {
    pub(super) const fn new(names: &'static [&'static str]) -> Self {
        let mut lengths = 0;
        let mut rest = names;
        while let [name, after @ ..] = rest {
            lengths |= 1_u32 << name.len();
            rest = after;
        }
        Self { lengths, names }
    }

    /// All of them.
    pub(super) const fn all(&self) -> &'static [&'static str] {
        self.names
    }

    /// Whether this is one of them, in any case.
    #[inline]
    pub(super) fn has(&self, name: &str) -> bool {
        let has_length = name.len() < 32 && self.lengths >> name.len() & 1 == 1;
        has_length
            && self
                .names
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_case_and_no_other_is() {
        static NAMES: Names = Names::new(&["te", "etag", "ocp-apim-subscription-key"]);
        for name in ["te", "TE", "Etag", "ocp-apim-subscription-Key"] {
            assert!(NAMES.has(name), "{name}");
        }
        for name in [
            "",
            "t",
            "to",
            "date",
            "etags",
            &"x".repeat(32),
            &"x".repeat(300),
        ] {
            assert!(!NAMES.has(name), "{name}");
        }
    }
}
