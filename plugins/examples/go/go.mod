module wit_component

go 1.25

toolchain go1.27.3

require go.bytecodealliance.org/pkg v0.4.0

// What the bindings need of it, for a world without async functions.
replace go.bytecodealliance.org/pkg => ./pkg
