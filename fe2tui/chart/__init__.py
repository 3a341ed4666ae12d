"""Step charts of prices: as coloured text for terminals, as SVG for files and notebooks, and prices as CSV.

What comes in is a ``Chart``: price series of ``fe2tui.model`` over a period, with a reference price to compare with.
What goes out is a ``Picture`` (rows of text, each piece with the name of its style), an ``<svg>`` element, or lines of
comma-separated values. The room reads nothing and knows neither AWS nor Textual.

Begin with ``chart``: ``draw`` makes the picture. ``ticks`` computes the axes, ``reduce`` what each column shows,
``render`` draws it with plotext, which is imported only then; ``picture`` maps columns to moments and prices to rows.
``svg`` and ``csv_export`` work on the same ``Chart`` without plotext.
"""
