"""Step charts of prices: as coloured text for terminals, as SVG for files and notebooks, as CSV.

A ``Chart`` (``chart``: begin reading there) is data of ``model`` over a window of time. ``draw`` makes a ``Picture`` of
it: ``reduce`` computes what each column shows, ``ticks`` the axes, ``render`` draws with plotext, which is imported
only then. ``svg`` and ``csv_export`` are made from the same ``Chart`` without plotext.
"""
