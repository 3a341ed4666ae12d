"""The panes of the main screen: instances, images, spot prices, activity, and the details of the selected row.

In comes what the main screen hands on: a fleet (``FleetListPane.set_fleet``), the selected instance
(``SpotPane.follow``), tasks and the activity log (``ActivityPane.show``). Out go messages of the widgets
(``Table.CursorMoved``, ``Table.RowOpened``) and the ids of commands that clicks run. What panes need of the rest of the
dashboard, they get from ``Services``.

``base.Pane`` is what commands act on. ``list_pane`` has a table and a filter bar; ``instances`` and ``images`` say how
their items are listed (columns, orders, details) in a ``ListSpec``. ``spot`` holds the choice of type, zone and days.
When it is first visible it loads ``spot_body``: the list (``spot_offers``), the chart and its zones
(``spot_price_chart``), and the reader of the histories (``spot_history_reader``).

Begin reading in ``base``, then ``list_pane``.
"""
