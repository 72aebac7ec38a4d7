//! What observers leave with a plan.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

/// What an observer has worked out of the facts and the decision of one plan, for the next request
/// that follows it: texts as they are written, counters that were found. It goes with the plan.
#[derive(Default)]
pub struct PlanNotes(OnceLock<Box<dyn Any + Send + Sync>>);

impl PlanNotes {
    /// What was left here, or what `make` makes, which is left. It must be a function of what the
    /// policy was told, of the decision, and of what the observers of a gate share, and no longer than
    /// a few times these. `None` where something of another type was left.
    pub fn get_or_leave<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for PlanNotes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlanNotes(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_is_found_again() {
        let notes = PlanNotes::default();
        assert_eq!(
            notes.get_or_leave(|| "made once".to_owned()).unwrap(),
            "made once"
        );
        assert_eq!(
            notes.get_or_leave(|| "again".to_owned()).unwrap(),
            "made once"
        );
        assert_eq!(notes.get_or_leave(|| 1_u8), None, "of another type");
    }
}
