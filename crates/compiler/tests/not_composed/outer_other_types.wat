(component
  (import "signalbox:policy/policy@0.2.0" (instance $policy (export "describe" (func (result u32)))))
  (instance $it (export "describe" (func $policy "describe")))
  (export "signalbox:policy/policy@0.2.0" (instance $it)))
