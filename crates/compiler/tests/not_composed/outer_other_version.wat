(component
  (import "signalbox:policy/policy@0.1.0" (instance $policy))
  (export "signalbox:policy/policy@0.1.0" (instance $policy)))
