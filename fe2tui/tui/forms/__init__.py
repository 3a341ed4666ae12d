"""The modal forms: questions, pickers, and the forms of launch, freeze, connect and the rest.

In: everything a form shows, through its constructor, as values or as functions that read them; a form never touches
AWS, the store or the main screen itself. Out: ``dismiss`` with the answer, or None when the person leaves. An action
opens a form with ``context.services.ask`` and acts on the answer.

Begin with ``form.py`` (frame, keys, labelled fields), then ``confirm.py`` and ``picker.py``, which most actions use.
``impact.py`` shows what is destroyed and wants a text typed. ``launch.py`` is the largest: ``launch_text.py`` words its
plans, ``launch_suggestions.py`` fills its lists, ``launch_purchase.py`` chooses on-demand or spot and the zone.
``type_list.py`` and ``type_picker.py`` are the table of all instance types. Style sheets are in ``tcss/``.
"""
