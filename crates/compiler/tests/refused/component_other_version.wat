(component (instance $it) (export "signalbox:policy/policy@0.3.0" (instance $it)))
