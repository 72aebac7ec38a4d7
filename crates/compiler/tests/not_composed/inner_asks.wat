(component
  (import "signalbox:policy/policy@0.2.0" (instance $policy))
  (export "signalbox:policy/policy@0.2.0" (instance $policy)))
