//! Reads the paths in a Rust file: those of `use` lines, braces unfolded, and those in code.
//!
//! What stands under `#[cfg(test)]` is passed over. It reads what this workspace writes, not every
//! Rust: macros are not unfolded, attributes are not looked into.

use super::tokens::{is_word, tokens};

/// A path as it is written, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) line: usize,
    /// Modules of the same file around it.
    pub(super) inside: Vec<String>,
    pub(super) segments: Vec<String>,
    /// What a `use` line of the file itself calls it from there on.
    pub(super) name: Option<String>,
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) paths: Vec<Path>,
    /// Modules that exist in tests alone.
    pub(super) test_modules: Vec<String>,
}

pub(super) fn read(source: &str) -> File {
    let mut reader = Reader {
        tokens: tokens(source),
        at: 0,
        inside: Vec::new(),
        depth: 0,
        file: File::default(),
    };
    while reader.at < reader.tokens.len() {
        reader.next();
    }
    reader.file
}

struct Reader {
    tokens: Vec<(String, usize)>,
    at: usize,
    /// Modules around, and how deep their braces are.
    inside: Vec<(String, usize)>,
    depth: usize,
    file: File,
}

impl Reader {
    fn peek(&self, ahead: usize) -> &str {
        let token = self.tokens.get(self.at + ahead);
        token.map_or("", |(text, _)| text)
    }

    fn next(&mut self) {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            ("#", "[", _) | ("#", "!", "[") => {
                if self.skip_attribute() {
                    self.skip_item();
                }
            }
            ("use", ..) => {
                self.at += 1;
                self.tree(&[]);
            }
            ("mod", name, "{") => {
                self.inside.push((name.to_owned(), self.depth));
                self.at += 2;
            }
            ("{", ..) => {
                self.depth += 1;
                self.at += 1;
            }
            ("}", ..) => {
                self.depth = self.depth.saturating_sub(1);
                self.inside.pop_if(|(_, depth)| *depth == self.depth);
                self.at += 1;
            }
            (first, "::", _) if is_word(first) => self.path(),
            // Not a path's first word: `<T>::x`.
            ("::", ..) => self.at += 2,
            _ => self.at += 1,
        }
    }

    /// Goes behind an attribute; gives whether it is `#[cfg(test)]`.
    fn skip_attribute(&mut self) -> bool {
        let begin = self.at;
        while self.peek(0) != "[" {
            self.at += 1;
        }
        self.skip_group();
        let text = &self.tokens[begin..self.at];
        text.iter()
            .map(|(text, _)| text.as_str())
            .collect::<String>()
            == "#[cfg(test)]"
    }

    /// Goes behind what stands in the brackets that begin here.
    fn skip_group(&mut self) {
        let mut open = 0_usize;
        while self.at < self.tokens.len() {
            match self.peek(0) {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    /// Goes behind an item: to its `;`, or behind its braces.
    fn skip_item(&mut self) {
        let mut is_use = false;
        while self.at < self.tokens.len() {
            match (self.peek(0), self.peek(1), self.peek(2)) {
                (";", ..) => return self.at += 1,
                ("}", ..) => return,
                ("{", ..) if !is_use => return self.skip_group(),
                ("{" | "(" | "[", ..) => self.skip_group(),
                ("use", ..) => {
                    is_use = true;
                    self.at += 1;
                }
                ("mod", name, ";") => {
                    self.file.test_modules.push(name.to_owned());
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
    }

    /// A path in code, as far as it has names.
    fn path(&mut self) {
        let begin = self.at;
        let mut segments = vec![self.peek(0).to_owned()];
        while self.peek(1) == "::" && is_word(self.peek(2)) {
            segments.push(self.peek(2).to_owned());
            self.at += 2;
        }
        self.at += 1;
        self.found(begin, segments, None);
    }

    /// A tree of a `use` line behind `prefix`, to the `,`, `}` or `;` that ends it.
    fn tree(&mut self, prefix: &[String]) {
        let (begin, mut segments) = (self.at, prefix.to_vec());
        let mut alias = None;
        loop {
            match self.peek(0) {
                "{" => loop {
                    self.at += 1;
                    self.tree(&segments);
                    if self.peek(0) != "," {
                        self.at += 1;
                        return;
                    }
                },
                "as" => {
                    alias = Some(self.peek(1).to_owned());
                    self.at += 2;
                }
                "self" if !segments.is_empty() => self.at += 1,
                word if is_word(word) => {
                    segments.push(word.to_owned());
                    self.at += 1;
                }
                "::" => self.at += 1,
                "*" => {
                    self.at += 1;
                    return self.found(begin, segments, None);
                }
                _ => break,
            }
        }
        // Nothing stands behind the last comma.
        if segments.len() > prefix.len() || self.at > begin {
            let name = alias.or_else(|| segments.last().cloned());
            self.found(begin, segments, name);
        }
    }

    fn found(&mut self, begin: usize, segments: Vec<String>, name: Option<String>) {
        let inside = self.inside.iter().map(|(name, _)| name.clone());
        self.file.paths.push(Path {
            line: self.tokens.get(begin).map_or(0, |(_, line)| *line),
            inside: inside.collect(),
            segments,
            name: name.filter(|_| self.depth == 0),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let paths = read(source).paths;
        paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn braces_are_unfolded_over_any_number_of_lines() {
        let source = "use crate::{\n    a,\n    b::{self, C, d::*},\n};\npub use super::e;\n";
        let expected = [
            "crate::a",
            "crate::b",
            "crate::b::C",
            "crate::b::d",
            "super::e",
        ];
        assert_eq!(found(source), expected);
        let lines: Vec<_> = read(source).paths.iter().map(|path| path.line).collect();
        assert_eq!(lines, [2, 3, 3, 3, 5]);
    }

    #[test]
    fn a_use_line_gives_names_and_code_gives_none() {
        let source = "use crate::a::{B as C, d};\nfn f() { use crate::e; crate::g::h::<u8>() }";
        let names: Vec<_> = read(source)
            .paths
            .into_iter()
            .map(|path| path.name)
            .collect();
        assert_eq!(names, [Some("C".into()), Some("d".into()), None, None]);
        assert_eq!(
            found(source),
            ["crate::a::B", "crate::a::d", "crate::e", "crate::g::h"]
        );
    }

    #[test]
    fn what_exists_in_tests_alone_is_passed_over() {
        let source = "#[cfg(test)]\nmod tests { use crate::a; }\n#[cfg(test)]\nuse crate::{b, c};\n\
            #[cfg(test)]\npub(super) mod d;\n#[cfg(test)]\nfn f(_: [u8; 2]) { crate::e() }\nuse crate::g;";
        assert_eq!(found(source), ["crate::g"]);
        assert_eq!(read(source).test_modules, ["d"]);
        assert_eq!(found("#[cfg(unix)]\nuse crate::a;"), ["crate::a"]);
    }

    #[test]
    fn a_module_in_a_file_is_around_its_paths_and_no_longer() {
        let source = "mod a { mod b { use super::c; } fn f<'x>(x: &'x d::E) {} }\nuse crate::g;";
        let inside: Vec<_> = read(source)
            .paths
            .iter()
            .map(|path| path.inside.join("::"))
            .collect();
        assert_eq!(inside, ["a::b", "a", ""]);
    }
}
