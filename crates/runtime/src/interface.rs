//! What a policy said of itself, checked, in the form its answers are checked against.

use signalbox_policy::Description;

use crate::Catalogue;

/// A checked description and catalogue: what a load makes of a component, and
/// [`Surface::new`] of anything else that decides, such as native code in a test.
#[derive(Debug)]
pub struct Surface {
    pub(crate) description: Description,
    pub(crate) catalogue: Catalogue,
}

impl Surface {
    /// What it says of itself.
    #[must_use]
    pub const fn description(&self) -> &Description {
        &self.description
    }

    /// The names it lists.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}
