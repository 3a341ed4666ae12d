"""Widgets that know nothing of AWS: they show what they are given, and post messages or run actions of the app.

``Table`` draws rows of cells (``grid`` chooses the columns for a width), ``ChartView`` a chart, ``TextLine`` a line of
spans. A span (``line.Span``) is a text in a style of ``theme.LineStyles``; a click on it runs a command. ``Framed`` has
spans in the upper edge of its frame. ``FilterBar`` is the line in which a filter or a search is typed. ``table`` also
has the keys that all lists and texts share. ``cells`` fits texts into a width. All widths are terminal cells, all texts
are already safe to show (``model.text.visible``).

Begin reading in ``table``.
"""
