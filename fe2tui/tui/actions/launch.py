"""Launch: the form, the task, and what to do when no zone has capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from textual.content import Content

from fe2tui.errors import Fe2Error, NoCapacityError
from fe2tui.model.command_text import launch_text
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Progress
from fe2tui.model.text import visible
from fe2tui.tasks import launch as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import LaunchLookups, launch_when_capacity
from fe2tui.tui.actions.command_texts import place_of
from fe2tui.tui.command_context import CommandContext, is_form_open, wait_until_no_form
from fe2tui.tui.forms.launch import USUAL_TYPE, LaunchDefaults, LaunchDraft, LaunchForm, LaunchSources
from fe2tui.tui.forms.launch_text import cost_content
from fe2tui.tui.forms.no_capacity import ANY_ZONE, ON_DEMAND, TYPE, WAIT, NoCapacityForm
from fe2tui.tui.forms.type_list import type_source
from fe2tui.tui.pane_ids import IMAGES, SPOT

_SMALL_TYPES: Mapping[str, str] = {
    "arm64": "t4g.micro",
    "i386": "t2.micro",
    "x86_64_mac": "mac1.metal",
    "arm64_mac": "mac2.metal",
}


def launch_defaults(context: CommandContext) -> LaunchDefaults:
    """Values for the selected image in the images pane, for the chosen type in the spot pane; else the usual ones."""
    if context.pane == SPOT and context.spot.type:
        catalogue = context.services.catalogues.cached(context.location)
        kind = catalogue.types.get(context.spot.type) if catalogue is not None else None
        is_spot = kind is None or kind.spot
        return LaunchDefaults(
            type=context.spot.type, market="spot" if is_spot else "on-demand", zone=context.spot.zone or None
        )
    if context.pane != IMAGES or not context.images:
        return LaunchDefaults()
    image = context.images[0]
    return LaunchDefaults(image_reference(image, context.fleet), small_type_for(image))


def image_reference(image: Image, fleet: Fleet | None) -> str:
    """The text to type for an image: the name of an own image, the word of a public one, else the id.

    A word means the newest image for the architecture of the type, and a person may change the type: for
    architectures other than x86_64 it is the id.
    """
    if fleet is not None and image.id in fleet.images:
        same = [one for one in fleet.images.values() if one.name == image.name]
        is_plain = bool(image.name) and image.name == image.name.strip() and image.name.lower() not in IMAGE_WORDS
        return image.name if is_plain and len(same) == 1 else image.id
    public_images = [one for one in fleet.public_images if one.image.id == image.id] if fleet is not None else []
    return public_images[0].word if public_images and image.architecture == "x86_64" else image.id


def small_type_for(image: Image) -> str:
    return _SMALL_TYPES.get(image.architecture, USUAL_TYPE)


async def launch(context: CommandContext, type_name: str | None = None, filled_in: LaunchRequest | None = None) -> None:
    """Ask what to launch, and launch it; its row is selected as soon as AWS lists it.

    ``type_name`` is the initial type, ``filled_in`` has the initial values of all fields. Where no zone has capacity,
    the person is asked what to do.
    """
    forms, services = _LaunchForms.of(context), context.services
    defaults = launch_defaults(context) if type_name is None else LaunchDefaults(type=type_name)
    kept = services.launch_draft
    has_draft = filled_in is None and kept is not None and (kept.region, kept.defaults) == (context.region, defaults)
    form = forms.launch_form(defaults, previous=filled_in, draft=kept if has_draft else None)
    request = await services.ask(form)
    if request is not None:
        services.launch_draft = None
        _start_launch(context, request, forms, form.draft)
        return
    forms.lookups.close()
    if form.draft is not None and form.draft != kept:
        services.tell("What you typed is kept: the next launch form begins with it.")
    if form.draft is not None or has_draft:
        services.launch_draft = form.draft


@dataclass(frozen=True, slots=True)
class _LaunchForms:
    context: CommandContext
    ctx: Context
    lookups: LaunchLookups

    @classmethod
    def of(cls, context: CommandContext) -> _LaunchForms:
        ctx = context.services.task_context()
        return cls(context, ctx, LaunchLookups(ctx, context.services.catalogues, context.services.spot_prices))

    def launch_form(
        self,
        defaults: LaunchDefaults | None = None,
        *,
        previous: LaunchRequest | None = None,
        draft: LaunchDraft | None = None,
        opens_type_picker: bool = False,
    ) -> LaunchForm:
        context, ctx, lookups = self.context, self.ctx, self.lookups
        sources = LaunchSources(
            plan=lambda request: task.plan_launch(ctx, request, lookups),
            types=lookups.instance_types,
            images=lookups.own_images,
            key_choices=lookups.key_choices,
            groups=lookups.group_names,
            own_address=lookups.own_address,
            on_demand=context.fleet.prices.on_demand if context.fleet is not None else {},
            type_source=type_source(context),
        )
        return LaunchForm(
            sources,
            region=context.region,
            clock=ctx.clock,
            defaults=defaults,
            previous=previous,
            draft=draft,
            opens_type_picker=opens_type_picker,
            command=partial(launch_text, place_of(context)),
        )


def _start_launch(
    context: CommandContext, request: LaunchRequest, forms: _LaunchForms, draft: LaunchDraft | None
) -> None:
    """``draft`` is kept for the next form if nothing is launched."""

    async def work(ctx: Context) -> Instance:
        selected: set[str] = set()

        def report(step: Progress) -> None:
            ctx.report(step)
            if step.subject.startswith("i-") and step.subject not in selected:
                selected.add(step.subject)
                context.services.select(step.subject)

        try:
            return await _launch_until_done(replace(ctx, report=report), request, forms)
        except Fe2Error:
            if not selected and context.services.launch_draft is None:
                context.services.launch_draft = draft
            raise
        finally:
            forms.lookups.close()

    context.services.run_task(f"Launch {visible(request.name)}", work, result_text=_result_text)


async def _launch_until_done(ctx: Context, request: LaunchRequest, forms: _LaunchForms) -> Instance:
    retry_for: timedelta | None = None
    while True:
        try:
            if retry_for is not None:
                return await launch_when_capacity(ctx, request, until=retry_for, shared_lookups=forms.lookups)
            return await task.launch(ctx, request, shared_lookups=forms.lookups)
        except NoCapacityError as error:
            # the key pair was created before AWS refused the instance
            again = replace(request, key_action="use", key_public=None)
            answer = await _ask_what_now(ctx, again, error, forms)
            if answer is None:
                raise
            request, retry_for = answer


async def _ask_what_now(
    ctx: Context, request: LaunchRequest, error: NoCapacityError, forms: _LaunchForms
) -> tuple[LaunchRequest, timedelta | None] | None:
    """What to launch instead, and for how long to try again; None to give up."""
    context = forms.context
    ctx.report_step("launch", "no capacity", f"{error.summary} Waiting for your answer.", label=request.name)
    if is_form_open(context):
        context.services.tell(f"Launch {visible(request.name)}: {error.summary}", "warning")
    costs = await _cost_content(request, forms)
    await wait_until_no_form(context)
    while (answer := await context.services.ask(NoCapacityForm(request, error, costs))) is not None:
        if answer.way == WAIT:
            return request, answer.retry_for
        form = {
            TYPE: lambda: forms.launch_form(previous=replace(request, zone=None), opens_type_picker=True),
            ON_DEMAND: lambda: forms.launch_form(previous=replace(request, market="on-demand", zone=None)),
            ANY_ZONE: lambda: forms.launch_form(previous=replace(request, zone=None)),
        }[answer.way]()
        other = await context.services.ask(form)
        if other is not None:
            return other, None
    return None


async def _cost_content(request: LaunchRequest, forms: _LaunchForms) -> Content:
    try:
        plan = await task.plan_launch(forms.ctx, request, forms.lookups)
    except Fe2Error:
        return Content("Price unknown.")
    return cost_content(plan) if plan.cost_text else Content("Price unknown.")


def _result_text(instance: Instance) -> str:
    return f"{visible(instance.label)} is ready: press c to connect."
