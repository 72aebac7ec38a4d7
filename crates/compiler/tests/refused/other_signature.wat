(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "signalbox:policy/policy@0.2.0#describe") (result i32) unreachable)
  (func (export "signalbox:policy/policy@0.2.0#models") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "signalbox:policy/policy@0.2.0#decide") (param i64) (result i32) unreachable))
