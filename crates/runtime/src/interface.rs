//! What a policy said of itself, checked, in the form its answers are checked against.

use signalbox_policy::Description;

use crate::Catalogue;

/// A checked description and catalogue.
#[derive(Debug)]
pub(crate) struct Surface {
    pub(crate) description: Description,
    pub(crate) catalogue: Catalogue,
}
