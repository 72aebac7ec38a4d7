//! The checks of a load on what decides without being a component.

use signalbox_policy::{CatalogueEntry, Description};

use super::{LoadError, describe, models};
use crate::interface::Surface;

impl Surface {
    /// Checks what a policy says of itself as a load does, where it is native code.
    ///
    /// # Errors
    /// The description or the catalogue is not what the contract allows.
    pub fn new(description: Description, entries: Vec<CatalogueEntry>) -> Result<Self, LoadError> {
        describe::check(&description).map_err(LoadError::Description)?;
        let catalogue = models::check(entries, &description).map_err(LoadError::Catalogue)?;
        Ok(Self {
            description,
            catalogue,
        })
    }
}
