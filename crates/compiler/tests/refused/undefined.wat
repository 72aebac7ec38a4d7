(module (import "env" "strnlen_s" (func (param i32 i32) (result i32))))
