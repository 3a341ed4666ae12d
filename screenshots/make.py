"""Makes the README's pictures from the running program, on a demo cloud.

``python screenshots/make.py`` needs the extra ``dev`` and the font DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import resvg_py

from fe2tui import settings
from fe2tui.aws.session import Choice
from fe2tui.demo import Cloud
from fe2tui.tui.app import Dashboard
from fe2tui.tui.forms.form import READING_SECONDS

FOLDER = Path(__file__).resolve().parent
FONT = "DejaVu Sans Mono"
PATIENCE = 30.0
Shown = Callable[["Stage"], Awaitable[None]]


class Stage:
    """The dashboard without a terminal: keys go in, pictures come out."""

    def __init__(self, app: Dashboard, pilot: Any) -> None:
        self._app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            await self._pilot.press(key)

    async def go_to(self, name: str, *, stays: bool = False) -> None:
        """Put the cursor on an instance; ``stays``: where its details are not in sight."""
        for _ in range(40):
            if re.search(rf"▌[^\n]{{1,4}}{re.escape(name)}", self._text):
                return None if stays else await self.until(rf"╭─ {re.escape(name)} ")
            await self.press("down")
        raise SystemExit(f"{name} is not there\n{self._text}")

    async def until(self, pattern: str) -> None:
        """Let the program run on until the screen shows it."""
        end = asyncio.get_running_loop().time() + PATIENCE
        while not re.search(pattern, self._text):
            if asyncio.get_running_loop().time() > end:
                raise SystemExit(f"not seen: {pattern}\n{self._text}")
            await self._pilot.pause(0.1)

    @property
    def _text(self) -> str:
        return "\n".join(strip.text for strip in self._app.screen._compositor.render_strips())

    def shot(self, name: str) -> None:
        """Write the picture."""
        svg = re.sub(r"@font-face \{.*?\}", "", self._app.export_screenshot(title="fe2tui"), flags=re.DOTALL)
        svg = svg.replace("Fira Code", FONT)
        png = resvg_py.svg_to_bytes(svg_string=svg, monospace_family=FONT, zoom=1)
        (FOLDER / f"{name}.png").write_bytes(bytes(png))


async def dashboard(stage: Stage) -> None:
    """The instances, one of them in detail."""
    await stage.go_to("train-resnet")
    stage.shot("dashboard")


async def launch(stage: Stage) -> None:
    """The launch form, filled."""
    await stage.go_to("analysis")
    await stage.press("l")
    await stage.until("Key pair")
    await stage.press(*"forecast")
    for value in ("ubuntu", "80", "m5.large"):
        await stage.press("tab", "ctrl+u", *value)
    await stage.press("tab")
    await stage.until(r"gp3  \$6\.40 (.|\n)*8 GiB (.|\n)*costs .* an hour")
    stage.shot("launch")


async def terminate(stage: Stage) -> None:
    """What terminating would lose."""
    await stage.go_to("gpu-test")
    await stage.press("X")
    await stage.until("Type gpu-test")
    stage.shot("terminate")


async def narrow(stage: Stage) -> None:
    """All of it at 80 columns."""
    stage.shot("narrow")


async def images(stage: Stage) -> None:
    """Images: own ones and the newest public ones, one of them being made."""
    await stage.go_to("scraper")
    await stage.press("f")
    await stage.until("No reboot")
    await asyncio.sleep(READING_SECONDS)  # before that the form takes no key that submits
    await stage.press("ctrl+s")
    await stage.until("6 Activity 1")
    await stage.press("2")
    await stage.until(r"pending +[1-9]\d %")
    stage.shot("images")


async def types(stage: Stage) -> None:
    """All instance types, filtered."""
    await stage.go_to("analysis")
    await stage.press("t")
    await stage.until("can be chosen|cannot be chosen")
    await stage.press(*"mem>=64 price<1.2 current")
    await stage.until(r"m8i\.4xlarge[^\n]* \d\.\d{4} +\d\.\d{4}")
    await stage.press("down", "down")
    stage.shot("types")


async def cost(stage: Stage) -> None:
    """What the account costs."""
    await stage.press("$")
    await stage.until("IN NOV|TODAY")
    stage.shot("cost")


async def charted(stage: Stage, name: str) -> None:
    """Spot prices of the type of an instance."""
    await stage.go_to("train-resnet", stays=True)
    await stage.press("p")
    await stage.until(r"p3\.8xlarge · (.|\n)*2a +\d+\.\d+ ")
    await stage.until("([▁▂▃▄▅▆▇█]{5}(.|\\n)*){3}")
    stage.shot(name)


async def spot(stage: Stage) -> None:
    """The chart, its zones and the list of types."""
    await charted(stage, "spot")


async def spot_narrow(stage: Stage) -> None:
    """The same at 80 columns."""
    await charted(stage, "spot-narrow")


async def wide(stage: Stage) -> None:
    """Instances, images and the spot prices of the selected one together."""
    await stage.go_to("train-resnet", stays=True)
    await stage.until("train-cuda-12")
    await stage.until(r"p3\.8xlarge · of(.|\n)*2a +\d+\.\d+ ")
    stage.shot("wide")


PICTURES: dict[str, tuple[tuple[int, int], Shown]] = {
    "dashboard": ((120, 36), dashboard),
    "launch": ((120, 36), launch),
    "terminate": ((120, 36), terminate),
    "narrow": ((80, 24), narrow),
    "images": ((120, 36), images),
    "types": ((120, 36), types),
    "cost": ((120, 36), cost),
    "spot": ((120, 36), spot),
    "spot-narrow": ((80, 24), spot_narrow),
    "wide": ((200, 50), wide),
}


async def picture(size: tuple[int, int], show: Shown) -> None:
    """Open a dashboard and take one picture."""
    app = Dashboard(Choice(), settings.load())
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot)
        await stage.until(r"nightly-etl[^\n]*[0-9]\.[0-9]{3}")
        await show(stage)


def main(names: list[str]) -> None:
    """Make these pictures, or all."""
    with Cloud() as cloud:
        os.environ.update(cloud.environment)
        for name, (size, show) in PICTURES.items():
            if not names or name in names:
                asyncio.run(picture(size, show))


if __name__ == "__main__":
    main(sys.argv[1:])
