// Package types has the general types of the bindings: those of go.bytecodealliance.org/pkg v0.4.0 that they use.
package types

const (
	OptionNone = 0
	OptionSome = 1
)

type Option[T any] struct {
	tag   uint8
	value T
}

func (self Option[T]) Tag() uint8 {
	return self.tag
}

func (self Option[T]) Some() T {
	if self.tag != OptionSome {
		panic("tag mismatch")
	}
	return self.value
}

func (self Option[T]) SomeOr(value T) T {
	if self.tag != OptionSome {
		return value
	}
	return self.value
}

func None[T any]() Option[T] {
	return Option[T]{}
}

func Some[T any](value T) Option[T] {
	return Option[T]{OptionSome, value}
}

type Tuple2[T0 any, T1 any] struct {
	F0 T0
	F1 T1
}
