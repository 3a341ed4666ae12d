"""What the dashboard is made of, and how its parts are joined."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.message import Message

from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.image import Image
from fe2tui.model.money import Limits
from fe2tui.model.place import Place
from fe2tui.model.words import visible
from fe2tui.tui import memory
from fe2tui.tui.acquaintance import Acquaintance
from fe2tui.tui.board import Sight
from fe2tui.tui.columns import Moment
from fe2tui.tui.desk import LiveDesk
from fe2tui.tui.feed import Feed
from fe2tui.tui.image_columns import SHEET, ImagesSeen
from fe2tui.tui.keymap import keymap
from fe2tui.tui.lines import Lines
from fe2tui.tui.listing import Listing, ListRows
from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.image_facts import describe as describe_image
from fe2tui.tui.panes.instances import KIND, Instances
from fe2tui.tui.panes.instances import describe as describe_instance
from fe2tui.tui.panes.listed import Listed
from fe2tui.tui.panes.listpane import ListPane
from fe2tui.tui.panes.lists import Lists
from fe2tui.tui.panes.spot import SpotPane
from fe2tui.tui.polling import FleetNotRead, FleetSeen
from fe2tui.tui.possible import SPOT
from fe2tui.tui.pulse import Pulse
from fe2tui.tui.reading import Reading
from fe2tui.tui.runner import Runner
from fe2tui.tui.screen import MainScreen
from fe2tui.tui.showing import Showing
from fe2tui.tui.starting import Starting
from fe2tui.tui.taken import TakenNews
from fe2tui.tui.tally import Sums
from fe2tui.tui.view import View

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard

UNTIL_OPENED = 0.25  # seconds that the main screen waits for the last fleet before it is drawn without
UNTIL_DRAWN = 0.1  # seconds


class Parts:
    """Made a moment after the first frame. News of the poller goes through here to whom it concerns."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self.clock = app.clock
        self.settings = app.settings
        self.keymap = keymap(app.settings.keys)
        self.reading = Reading()
        self.limits = Limits.of(app.settings.long_run_hours, app.settings.high_cost)
        self.showing = Showing(lambda work: app.work(work, "show"), app.clock, self._show, self._sum, self.limits)
        self.desk = LiveDesk(self, app, app.settings)
        self.runner = Runner(self.view, app.work, app.toast, self.desk.fail, app.ahead)
        self.table = Instances(app.settings.columns, app.clock, self.limits)
        self.listing = Listing(SHEET, lambda work: app.work(work, "images"), app.clock, self._show_images)
        self.images = Listed(SHEET, app.clock, opens="launch")
        self.spot = SpotPane(self.desk, app.clock, lambda work: app.work(work, "spot"), lambda: self.main.pane == SPOT)
        lists = Lists(
            ListPane(KIND, self.table, self.showing, self._describe_instance),
            ListPane(SHEET.kind, self.images, self.listing, self._describe_image),
            self.spot,
        )
        self.main = MainScreen(lists, app.clock, Lines(self), self)
        self.feed = Feed(self.desk, self.main, self.table, app.work)
        self.taken = TakenNews(self.desk, app.clock, lambda work: app.work(work, "taken"), self.feed.read_log)
        self.acquaintance = Acquaintance(lambda work: app.work(work, "host keys"), self.news)
        self.pulse = Pulse(app, self)
        self.starting = Starting(app, self)

    async def begin(self) -> None:
        """Put the real screen in the place of the first frame, bind the keys, and start reading."""
        app = self._app
        wanted = (Binding(key, f"perform({command_id!r})", show=False) for key, command_id in self.keymap.all_keys())
        for binding in Binding.make_bindings(wanted):  # which knows / as slash
            app.bind(binding.key, binding.action, description=binding.description, show=False)
        app.theme_changed_signal.subscribe(app, lambda _: self.main.recolour())
        opening = self.desk.link.begin()
        self.main.stage.arrange(*app.size)
        app.stylesheet.read_all(self.main.css_path)  # the screen would have those that are known parsed again
        await asyncio.wait({opening}, timeout=UNTIL_OPENED)
        await app.push_screen(self.main)

    def mounted(self) -> None:
        """The main screen is there and has not been drawn yet: what is known already is in its first frame."""
        self.starting.begin()

    async def close(self) -> None:
        """Close sessions and store."""
        await self.desk.close()

    def view(self) -> View:
        """The dashboard as it is now."""
        sight, table, link, acting = self.showing.sight, self.table, self.desk.link, self.main.lists.acting.listed
        instances = sight.fleet.instances if sight is not None else {}
        images = self.listing.things
        return View(
            self.desk,
            link.session.place if link.is_open else Place("", ""),
            self.main.pane,
            sight.fleet if sight is not None else None,
            instances.get(table.cursor_id) if table.cursor_id is not None else None,
            tuple(instances[instance_id] for instance_id in table.marked_and_shown()) if table.marks else (),
            acting.shown_count if acting is not None else 0,
            acting.arrangement.query.text if acting is not None else "",
            len(self.desk.jobs.running),
            link.session.read_only if link.is_open else False,
            images.get(self.images.cursor_id) if self.images.cursor_id is not None else None,
            tuple(images[image_id] for image_id in self.images.marked_and_shown()) if self.images.marks else (),
            self.spot.choice,
            SPOT in self.main.stage.in_sight,
        )

    def post_message(self, message: Message) -> bool:
        """What a link has to tell, in the order of the screen's own messages. From any thread."""
        return self.main.post_message(message)

    def _describe_instance(self, instance_id: str) -> Described | None:
        fleet = self.showing.fleet
        instance = fleet.instances.get(instance_id) if fleet is not None else None
        if fleet is None or instance is None:
            return None
        at = Moment(fleet, self.clock(), limits=self.limits)
        is_known = self.acquaintance.knows(instance_id)
        return describe_instance(instance, at, is_known=is_known, measured=self.desk.link.is_measured)

    def _describe_image(self, image_id: str) -> Described | None:
        contents, image = self.listing.contents, self.listing.things.get(image_id)
        return describe_image(image, contents.around(self.clock())) if contents is not None and image else None

    def perform(self, command_id: str) -> None:
        """Do what a click asked for."""
        self.runner.perform(command_id)

    def warn(self, text: str) -> None:
        """Tell of something that is wrong and stops nothing, and keep it in the activity. From any thread."""
        self._app.call_later(self.desk.fail, "Trouble", Fe2Error(text))

    def place_changed(self) -> None:
        """Another place is shown from now on."""
        self.reading = Reading()
        self.taken.forget()
        self.showing.forget()
        self.listing.forget()
        place = self.desk.session.place
        self.main.lists.forget(place)
        colour = self.settings.of_profile(place.profile).colour
        if not self.main.status.paint(colour):
            self.warn(f"[profiles.{place.profile}] colour: “{colour}” is no colour.")
        self.news()
        self.feed.read_log()

    async def until_drawn(self) -> None:
        """Wait until what was told so far is on the screen."""
        drawn = asyncio.Event()
        self.main.call_after_refresh(drawn.set)
        await drawn.wait()

    def answered(self) -> None:
        """The first read has ended: when it is on the screen there is time for the rest."""
        self.main.set_timer(UNTIL_DRAWN, self._go_on)

    def _go_on(self) -> None:
        memory.calm()
        self._app.work(self.starting.answered(), "start")
        self.spot.wake()

    def seen(self, event: FleetSeen) -> None:
        """A fleet was read, or is the one kept."""
        if event.fleet.place != self.desk.session.place:
            return
        for problem in self.reading.took(event):
            self.desk.fail("Reading", problem, aloud=False)
        if not event.from_store:
            self.taken.take(event.fleet)
        self.acquaintance.look_again()
        self.showing.take(event.fleet)
        self.listing.take(event.fleet)
        self.spot.take_prices()
        self.feed.read_log()

    def not_read(self, event: FleetNotRead) -> None:
        """A read failed."""
        self.main.lists.unread(event.error.summary)
        if self.reading.failed(event):
            self.desk.fail("Reading", event.error, aloud=False)
            if isinstance(event.error, CredentialsError) and self.showing.fleet is None:
                self._app.work(self.starting.welcome(event.error), "welcome")
        self.news()

    def looked_at(self) -> None:
        """The spot pane, where it is in sight, follows the selected instance."""
        one = self.table.selected
        if self.spot.display:
            self.spot.follow(one.type if one else "", visible(one.label) if one else "")

    def in_time(self, columns: int, days: int) -> None:
        """Move the cursor of the spot prices' chart by so many columns, or days."""
        if self.spot.body is not None:
            self.spot.body.action_in_time(columns, days)

    def _show(self, sight: Sight, glow: bool) -> None:
        self.table.show_sight(sight, glow=glow)
        memory.keep(len(sight.changed))
        self.news()

    def _show_images(self, rows: ListRows[Image, ImagesSeen], changed: frozenset[str]) -> None:
        self.images.show_rows(rows, self.listing.arrangement, changed)
        self.news()

    def _sum(self, sums: Sums) -> None:
        memory.keep(sums.looked_at)
        self.news()

    def news(self, _: object = None) -> None:
        """Something that the lines, the frames or the details tell of is another."""
        self.main.write_lines()
        self.main.show_details()
