//! A stub whose clock starts later.

use std::borrow::Cow;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{ConstExpr, GlobalSection, GlobalType, Module, ValType};
use wasmparser::{Global, Parser};

/// The stub with another start of its clock, which is the first of its globals.
pub(super) fn set(stub: &'static [u8], clock: u64) -> Cow<'static, [u8]> {
    if clock == 0 {
        return Cow::Borrowed(stub);
    }
    let mut module = Module::new();
    let mut set = SetClock {
        clock,
        is_set: false,
    };
    match set.parse_core_module(&mut module, Parser::new(0), stub) {
        Ok(()) => Cow::Owned(module.finish()),
        // The stubs are ours: a test encodes both.
        Err(_unread) => Cow::Borrowed(stub),
    }
}

struct SetClock {
    clock: u64,
    is_set: bool,
}

impl Reencode for SetClock {
    type Error = Infallible;

    fn parse_global(
        &mut self,
        globals: &mut GlobalSection,
        global: Global<'_>,
    ) -> Result<(), Error<Infallible>> {
        if self.is_set {
            return wasm_encoder::reencode::utils::parse_global(self, globals, global);
        }
        self.is_set = true;
        let of_clock = GlobalType {
            val_type: ValType::I64,
            mutable: true,
            shared: false,
        };
        globals.global(of_clock, &ConstExpr::i64_const(self.clock.cast_signed()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::stubs;
    use super::*;

    #[test]
    fn nothing_but_the_start_of_the_clock_is_another() {
        for (name, stub) in stubs() {
            let set = set(stub, 1 << 40);
            let plain = sections(stub);
            let later = sections(&set);
            assert_ne!(plain.1, later.1, "{name}");
            assert_eq!(plain.0, later.0, "{name}");
        }
    }

    /// All sections but that of globals, and the globals.
    fn sections(module: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut others = Vec::new();
        let mut globals = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload.unwrap();
            let Some((id, range)) = payload.as_section() else {
                continue;
            };
            let bytes = module[range].to_vec();
            if id == 6 {
                globals = bytes;
            } else {
                others.push(bytes);
            }
        }
        (others, globals)
    }
}
