"""What there is: frozen dataclasses and pure functions, the standard library only, no input or output."""
