package disk

import (
	"errors"
	"fmt"
)

// errPanic is the error of a panic, of the TSDB or of our own code.
var errPanic = errors.New("the database failed")

// recovered returns the error of work, or its panic as an error.
func recovered(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	return work()
}

func panicError(p any) error {
	if cause, ok := p.(error); ok {
		return fmt.Errorf("%w: %w", errPanic, cause)
	}
	return fmt.Errorf("%w: %v", errPanic, p)
}
