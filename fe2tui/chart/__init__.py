"""Step charts of prices, drawn with plotext: as coloured text for terminals, as SVG for files and notebooks."""
