//! Writing a file so that whoever watches it never reads half.

use std::{io::Write as _, path::Path};

use anyhow::Context as _;

/// Writes beside the target, then renames. A file that was there keeps its permissions; a new one
/// is readable by all, as other tools' outputs are.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = || format!("cannot write {}", path.display());
    let mode = std::fs::metadata(path).map_or(0o644, |there| there.permissions().mode() & 0o7777);
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    let permissions = std::fs::Permissions::from_mode(mode);
    file.as_file()
        .set_permissions(permissions)
        .with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).with_context(failed)?;
    Ok(())
}
