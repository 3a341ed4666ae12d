"""What there is: frozen dataclasses and pure functions. The standard library only; no input or output.

EC2's things are ``instance``, ``volume``, ``snapshot``, ``image``, ``instance_type`` and ``spot``, each as EC2's API
describes it. ``fleet`` is all of them at one moment, in one ``location``: begin reading there. ``money`` says what a
fleet costs. ``launch`` and ``freeze`` are what a person wants, ``progress`` is what tasks report. ``filters`` is the
language of all filters; ``instance_filter``, ``image_filter``, ``type_filter`` and ``spot_offers`` say what can be
filtered and sorted. ``text`` and ``interruption`` make sentences for people.

Dollars are Decimal, times are aware datetimes in UTC, sizes are GiB (memory: MiB). None is "not known".
"""
