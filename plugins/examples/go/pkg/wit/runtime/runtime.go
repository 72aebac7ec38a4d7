// Package runtime gives the bindings memory that the garbage collector leaves where it is: what they use of
// go.bytecodealliance.org/pkg v0.4.0. Go is running before the first call, so that nothing else has to give memory, and
// the clock of `signalbox build --stub-wasi` needs no pause.
package runtime

import (
	"fmt"
	"runtime"
	"unsafe"
)

// Allocate gives memory that stays in place until the pinner lets go of it.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	pointer := allocateRaw(size, align)
	pinner.Pin(pointer)
	return pointer
}

func allocateRaw(size, align uintptr) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	if size%align != 0 {
		panic(fmt.Sprintf("size %v is not compatible with alignment %v", size, align))
	}
	switch align {
	case 1:
		return unsafe.Pointer(unsafe.SliceData(make([]uint8, size)))
	case 2:
		return unsafe.Pointer(unsafe.SliceData(make([]uint16, size/align)))
	case 4:
		return unsafe.Pointer(unsafe.SliceData(make([]uint32, size/align)))
	case 8:
		return unsafe.Pointer(unsafe.SliceData(make([]uint64, size/align)))
	default:
		panic(fmt.Sprintf("unsupported alignment: %v", align))
	}
}

var pinner = runtime.Pinner{}

// Unpin lets go of an argument's memory.
func Unpin() {
	pinner.Unpin()
}

//go:wasmexport cabi_realloc
func cabiRealloc(oldPointer unsafe.Pointer, oldSize, align, newSize uintptr) unsafe.Pointer {
	if oldPointer != nil || oldSize != 0 {
		panic("memory of an argument does not grow")
	}
	return Allocate(&pinner, newSize, align)
}
