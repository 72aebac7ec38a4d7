//! Writing the files: new ones alone, all of them or none.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base16ct::HexDisplay;

use super::{
    answers::{Answers, KeyPlace},
    texts::{ADMIN_TOKEN, CONFIG, GT_KEY, KEYS, POLICY, Texts},
};

/// A folder that has none of the files yet.
pub(super) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Looks before anything is asked.
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        for name in [CONFIG, KEYS, POLICY, ADMIN_TOKEN, GT_KEY] {
            let path = folder.join(name);
            match path.symlink_metadata() {
                Ok(_) => bail!(
                    "{} is there already: nothing is overwritten; name another folder",
                    path.display()
                ),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot look at {}", path.display()));
                }
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The files people go on with.
    pub(super) fn written(&self) -> [PathBuf; 4] {
        [CONFIG, KEYS, POLICY, ADMIN_TOKEN].map(|name| match self.folder.as_path() {
            here if here == Path::new(".") => PathBuf::from(name),
            folder => folder.join(name),
        })
    }

    /// Writes them. What was written is taken away again if one cannot be.
    pub(super) fn write(&self, texts: &Texts, answers: &Answers) -> anyhow::Result<()> {
        let failed = || format!("cannot make {}", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(failed)?;
        let mut files = vec![
            (CONFIG, &*texts.config, PUBLIC),
            (KEYS, &*texts.keys, PRIVATE),
            (POLICY, &*texts.policy, PUBLIC),
            (ADMIN_TOKEN, &*texts.admin_token, PRIVATE),
        ];
        if let KeyPlace::Written(key) = &answers.key.place {
            files.push((GT_KEY, key, PRIVATE));
        }
        let mut made: Vec<PathBuf> = Vec::new();
        for (name, text, mode) in files {
            let path = self.folder.join(name);
            if let Err(error) = create(&path, text, mode) {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    made.push(path.clone());
                }
                for path in made {
                    let _ = fs::remove_file(path);
                }
                return Err(error).with_context(|| format!("cannot write {}", path.display()));
            }
            made.push(path);
        }
        Ok(())
    }
}

fn create(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// 256 random bits. A client's are behind GT's own prefix, so that secret scanners know them.
pub(super) fn token(prefix: &str) -> anyhow::Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the operating system gives no random bytes")?;
    Ok(format!("{prefix}{:x}", HexDisplay(&random)))
}

/// What anybody may read, as far as the user's mask allows.
const PUBLIC: u32 = 0o666;
const PRIVATE: u32 = 0o600;
