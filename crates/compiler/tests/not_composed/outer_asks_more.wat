(component
  (import "acme:clock/clock@1.0.0" (instance))
  (import "signalbox:policy/policy@0.2.0" (instance $policy))
  (export "signalbox:policy/policy@0.2.0" (instance $policy)))
