//! Names of fields as they are written, kept by the place in the program that logs them.

use tracing::{Metadata, callsite::Identifier};

use super::text;

/// The names of each place that has logged: as many as the program has.
#[derive(Default)]
pub(super) struct Names(Vec<(Identifier, Box<[Vec<u8>]>)>);

impl Names {
    /// `,"name":` of each field of a line, by its index.
    pub(super) fn of(&mut self, line: &'static Metadata<'static>) -> &[Vec<u8>] {
        let place = line.callsite();
        match self.0.iter().position(|(known, _)| *known == place) {
            Some(0) => {}
            // Who has logged is likely to do so again.
            Some(at) => self.0.swap(0, at),
            None => self.0.insert(0, (place, written(line))),
        }
        self.0.first().map_or(&[], |(_, names)| names)
    }
}

fn written(line: &Metadata<'_>) -> Box<[Vec<u8>]> {
    let name = |field: tracing::field::Field| {
        let mut name = b",\"".to_vec();
        text::escape(field.name(), &mut name);
        name.extend_from_slice(b"\":");
        name
    };
    line.fields().iter().map(name).collect()
}
