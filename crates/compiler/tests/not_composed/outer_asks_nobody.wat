(component (instance $it) (export "signalbox:policy/policy@0.2.0" (instance $it)))
