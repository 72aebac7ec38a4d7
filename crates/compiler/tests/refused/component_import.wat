(component (import "acme:clock/clock@1.0.0" (instance)))
