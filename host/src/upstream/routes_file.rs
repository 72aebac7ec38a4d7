//! GT's table of routes, from the operator's file or as it comes with the host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use signalbox_gate::gt_routes::{self, GtRoutesError};
use signalbox_policy::gt_routes::GtRoutes;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoutesFileError {
    /// It could not be read.
    #[error("cannot read `{}`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no table of routes.
    #[error("`{}` is no table of GT's routes", path.display())]
    Table {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong, and why.
        #[source]
        source: GtRoutesError,
    },
}

/// Reads the file, if there is one.
pub(crate) fn read(file: Option<&Path>) -> Result<Arc<GtRoutes>, RoutesFileError> {
    let Some(path) = file else {
        return Ok(gt_routes::shipped());
    };
    let text = std::fs::read_to_string(path).map_err(|source| RoutesFileError::File {
        path: path.to_owned(),
        source,
    })?;
    let table = gt_routes::parse(&text).map_err(|source| RoutesFileError::Table {
        path: path.to_owned(),
        source,
    })?;
    Ok(Arc::new(table))
}
