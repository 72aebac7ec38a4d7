(component (instance $it) (export "other:thing/run@1.0.0" (instance $it)))
