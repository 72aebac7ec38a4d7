//! Which file of a crate imports which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, path,
};

use super::reader::{File, Path, read};

/// A module, from the root of its crate.
type Module = Vec<String>;

/// The files of one crate, and what they say.
#[derive(Default)]
pub(super) struct Crate {
    modules: BTreeMap<Module, (String, File)>,
}

/// That a file names another one.
struct Import {
    to: Module,
    line: usize,
    text: String,
}

impl Crate {
    /// Reads every file of a folder, which is the crate's root and called `name` in messages.
    pub(super) fn read(folder: &str, name: &str) -> Self {
        let mut all = Self::default();
        all.add(path::Path::new(folder), name, &Module::new());
        all.shipped()
    }

    fn add(&mut self, folder: &path::Path, shown: &str, around: &Module) {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.expect("a name in UTF-8");
            let shown = format!("{shown}/{name}");
            let stem = name.trim_end_matches(".rs");
            let mut module = around.clone();
            if !around.is_empty() || !["lib", "main"].contains(&stem) {
                module.push(stem.to_owned());
            }
            if path.is_dir() {
                self.add(&path, &shown, &module);
            } else if stem != name {
                let source = fs::read_to_string(&path).expect("a source");
                self.file(module, &shown, &source);
            }
        }
    }

    fn file(&mut self, module: Module, name: &str, source: &str) {
        let mut file = read(source);
        // `lib.rs` and `main.rs` are one root.
        if let Some((_, other)) = self.modules.remove(&module) {
            file.paths.extend(other.paths);
            file.test_modules.extend(other.test_modules);
        }
        self.modules.insert(module, (name.to_owned(), file));
    }

    /// Without the modules that exist in tests alone.
    fn shipped(mut self) -> Self {
        let tests: Vec<Module> = self
            .modules
            .iter()
            .flat_map(|(module, (_, file))| {
                let names = file.test_modules.iter();
                names.map(|name| [module.as_slice(), std::slice::from_ref(name)].concat())
            })
            .collect();
        self.modules
            .retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        self
    }

    /// What a path of `module` stands for, from the root of the crate; nothing if it leads out.
    fn resolve(&self, module: &Module, path: &Path) -> Option<Module> {
        let mut at = [module.as_slice(), &path.inside].concat();
        let mut rest = path.segments.as_slice();
        match path.segments.first()?.as_str() {
            "crate" => (at, rest) = (Module::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {}
            first => {
                at.push(first.to_owned());
                let is_part = self.modules.contains_key(&at);
                at.pop();
                is_part.then_some(())?;
            }
        }
        while let Some(("super", behind)) = rest.split_first().map(|(a, b)| (a.as_str(), b)) {
            at.pop();
            rest = behind;
        }
        Some([at.as_slice(), rest].concat())
    }

    /// The file an item is in: where it was imported from, if all a module does is import it.
    fn home(&self, item: &Module) -> Option<Module> {
        let mut item = item.clone();
        // As deep as nobody exports again.
        for _ in 0..8 {
            let lengths = (0..=item.len()).rev();
            let length = lengths
                .into_iter()
                .find(|length| self.modules.contains_key(&item[..*length]))?;
            let (module, rest) = item.split_at(length);
            let (_, file) = &self.modules[module];
            let next = rest.first().and_then(|name| {
                let mut imports = file.paths.iter();
                let import = imports
                    .find(|path| path.inside.is_empty() && path.name.as_ref() == Some(name))?;
                let to = self.resolve(&module.to_vec(), import)?;
                Some([to.as_slice(), &rest[1..]].concat())
            });
            match next {
                Some(next) if next != item => item = next,
                _ => return Some(module.to_vec()),
            }
        }
        None
    }

    fn imports(&self, module: &Module) -> Vec<Import> {
        let (_, file) = &self.modules[module];
        let found = file.paths.iter().filter_map(|path| {
            let to = self.home(&self.resolve(module, path)?)?;
            (!module.starts_with(&to)).then(|| Import {
                to,
                line: path.line,
                text: path.segments.join("::"),
            })
        });
        found.collect()
    }

    /// The files that are in a loop, each with the imports that close it.
    pub(super) fn loops(&self) -> BTreeMap<String, Vec<String>> {
        let imports: BTreeMap<&Module, Vec<Import>> = self
            .modules
            .keys()
            .map(|module| (module, self.imports(module)))
            .collect();
        let reached: BTreeMap<_, _> = imports
            .keys()
            .map(|module| (*module, reached(&imports, module)))
            .collect();
        let mut loops = BTreeMap::new();
        for (module, imports) in &imports {
            let name = |module: &Module| self.modules[module].0.clone();
            let closing = imports
                .iter()
                .filter(|import| reached[&import.to].contains(*module));
            let shown: Vec<_> = closing
                .map(|import| {
                    format!(
                        "{}:{}: {} is in {}",
                        name(module),
                        import.line,
                        import.text,
                        name(&import.to)
                    )
                })
                .collect();
            if !shown.is_empty() {
                loops.insert(name(module), shown);
            }
        }
        loops
    }
}

/// Every file that a file imports, over however many others.
fn reached<'i>(
    imports: &'i BTreeMap<&Module, Vec<Import>>,
    from: &'i Module,
) -> BTreeSet<&'i Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        let all = imports[module].iter().map(|import| &import.to);
        next.extend(all.filter(|to| seen.insert(*to)));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loops(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = Crate::default();
        for (module, source) in files {
            let module: Module = module
                .split("::")
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .collect();
            let name = format!("{}.rs", module.join("/"));
            all.file(module, &name, source);
        }
        all.shipped().loops().into_values().flatten().collect()
    }

    #[test]
    fn a_loop_over_three_files_is_told_by_its_imports() {
        let files = [
            ("a", "use std::fmt;\nuse crate::b::B;"),
            ("b", "fn f() { super::c::d() }"),
            ("c", "use crate::{a::A, e};"),
            ("e", ""),
        ];
        let expected = [
            "a.rs:2: crate::b::B is in b.rs",
            "b.rs:1: super::c::d is in c.rs",
            "c.rs:1: crate::a::A is in a.rs",
        ];
        assert_eq!(loops(&files), expected);
        assert_eq!(loops(&files[..2]), Vec::<String>::new());
    }

    #[test]
    fn a_part_may_name_the_whole_and_the_whole_its_parts() {
        let files = [
            ("", "mod a; use a::A;"),
            ("a", "mod b; use b::B; use crate::C;"),
            ("a::b", "use super::D;"),
        ];
        assert_eq!(loops(&files), Vec::<String>::new());
    }

    #[test]
    fn what_is_exported_again_is_where_it_was_made() {
        let files = [
            ("", "pub use a::A; use b::B;"),
            ("a", "use super::B;"),
            ("b", "use crate::A as C;"),
        ];
        let expected = ["a.rs:1: super::B is in b.rs", "b.rs:1: crate::A is in a.rs"];
        assert_eq!(loops(&files), expected);
    }

    #[test]
    fn tests_may_know_everything() {
        let files = [
            ("a", "use crate::b::B; #[cfg(test)] mod tests;"),
            ("a::tests", "use crate::b::B;"),
            ("b", "#[cfg(test)] mod tests { use crate::a; }"),
        ];
        assert_eq!(loops(&files), Vec::<String>::new());
    }
}
