"""Step charts of prices: as coloured text for terminals, as SVG for files and notebooks."""
