(component (instance $it) (export "signalbox:policy/policy@0.1.0" (instance $it)))
