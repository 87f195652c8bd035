"""`announce`: plans the announcement of a file; a running `serve` sends it."""

import asyncio
import json
import logging
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.verbs.options import shared_options

if TYPE_CHECKING:
    from storage.deliveries.queue import DeliveryQueue
    from storage.deliveries.records import Tally
    from storage.deliveries.store import Deliveries

_POLL = 0.25
_NOBODY_AFTER = timedelta(seconds=20)
_EXIT_HELD = 3


@click.command("announce")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--audience", help="宛先（ファイルの audience より優先します）")
@click.option("--at", "start_at", help="送り始める日時（日本時間、例 2026-11-25T09:00）")
@click.option(
    "--policy",
    type=click.Choice(["hold", "resend"]),
    default="hold",
    show_default=True,
    help="届いたか不明のときの扱い（hold: 人が決めるまで待つ、resend: もう一度送る）",
)
@click.option("--wait", is_flag=True, help="送り終わるまで進み具合を示します。")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力します。")
@shared_options
def command(
    file: Path,
    *,
    audience: str | None,
    start_at: str | None,
    policy: str,
    wait: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """FILE に書いた周知を送ります。送るのは、動いている serve です。"""
    from bot.settings import load_settings  # noqa: PLC0415 - `--help` does without

    settings = load_settings(**given)
    code = asyncio.run(
        _announce(settings, file, audience, _moment(start_at), policy, wait=wait, as_json=as_json)
    )
    if code:
        raise SystemExit(code)


def _moment(text: str | None) -> datetime | None:
    from bot.clock import JST  # noqa: PLC0415
    from bot.errors import OperatorError  # noqa: PLC0415

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"--at {text} は日時として読めません。例: 2026-11-25T09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=JST)


async def _announce(
    settings: Any,
    file: Path,
    audience: str | None,
    start_at: datetime | None,
    policy: str,
    *,
    wait: bool,
    as_json: bool,
) -> int:
    from bot.clock import SystemClock  # noqa: PLC0415
    from bot.delivery.limits import SendingLimits  # noqa: PLC0415
    from bot.delivery.plan import Order, Planner  # noqa: PLC0415
    from bot.directory.audience import resolve  # noqa: PLC0415
    from bot.directory.file import FileDirectory, directory_files  # noqa: PLC0415
    from bot.errors import OperatorError  # noqa: PLC0415
    from bot.features.announcements.frontmatter import read_announcement  # noqa: PLC0415
    from bot.features.announcements.messages import announcement_message  # noqa: PLC0415
    from bot.logs import configure_logs  # noqa: PLC0415
    from storage.announcements.store import Announcements  # noqa: PLC0415
    from storage.audit.store import Audit  # noqa: PLC0415
    from storage.chats.store import Chats  # noqa: PLC0415
    from storage.deliveries.queue import DeliveryQueue  # noqa: PLC0415
    from storage.deliveries.records import Policy  # noqa: PLC0415
    from storage.deliveries.store import Deliveries  # noqa: PLC0415
    from storage.opening import open_storage  # noqa: PLC0415

    configure_logs(logging.WARNING)
    now = SystemClock().now()
    if start_at is not None and start_at <= now:
        raise OperatorError("--at の日時が過ぎています。これからの日時にしてください。")
    announcement = read_announcement(file, audience=audience, now=now)
    if start_at is not None and announcement.expires is not None and start_at >= announcement.expires:
        raise OperatorError("--at の日時が、掲載の終了（expires）より後です。どちらかを直してください。")
    directory = FileDirectory(directory_files(settings))
    resolve(announcement.audience, directory.snapshot, now.date())  # refused before anything is written
    storage = await open_storage(settings.data_dir, settings.database_url)
    try:
        deliveries, queue = Deliveries(storage.ledger), DeliveryQueue(storage.ledger)
        planner = Planner(
            deliveries=deliveries,
            queue=queue,
            chats=Chats(storage.ledger),
            directory=directory,
            limits=SendingLimits(rate=settings.send_rate),
            wake=lambda: None,
        )
        await Announcements(storage.documents).put(announcement)
        order = Order(
            announcement=announcement,
            message=announcement_message(announcement, now),
            created_by=announcement.author,
            policy=Policy(policy),
            start_at=start_at,
        )
        dispatch, recipients = await planner.plan(order, now)
        await Audit(storage.ledger).append(
            actor=announcement.author,
            action="announcement.send",
            subject=dispatch.id,
            outcome=f"planned:{len(recipients)}",
            now=now,
        )
        bureaus = _by_bureau(recipients, directory.snapshot.sections)
        if not (wait and as_json):
            _show_plan(announcement.id, len(recipients), bureaus, as_json=as_json)
        if not wait:
            return 0
        tally, code = await _watch(dispatch.id, deliveries, queue, quiet=as_json)
        if as_json:
            sums = {k: getattr(tally, k) for k in ("total", "delivered", "failed", "unknown", "acknowledged")}
            click.echo(
                json.dumps(
                    {"id": announcement.id, "recipients": len(recipients), "bureaus": bureaus, **sums},
                    ensure_ascii=False,
                )
            )
        return code
    finally:
        await storage.close()


def _by_bureau(recipients: Any, sections: Any) -> dict[str, int]:
    counts = Counter(recipient.bureau for recipient in recipients)
    return {sections.name(code) or "所属未登録": counts[code] for code in sorted(counts, key=sections.place)}


def _show_plan(announcement_id: str, total: int, bureaus: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        plan = {"id": announcement_id, "recipients": total, "bureaus": bureaus}
        click.echo(json.dumps(plan, ensure_ascii=False))
        return
    click.echo(f"{announcement_id}  宛先 {total:,}人", err=False)
    for name, count in bureaus.items():
        click.echo(f"  {name}: {count:,}人")


async def _watch(
    dispatch_id: str, deliveries: "Deliveries", queue: "DeliveryQueue", *, quiet: bool
) -> tuple["Tally", int]:
    """Show the progress until nothing is open; 3 if nobody sends, or the rest waits for a person."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from bot.clock import SystemClock  # noqa: PLC0415
    from storage.deliveries.records import DispatchState  # noqa: PLC0415

    clock = SystemClock()
    last_seen = clock.now()
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("送信中", total=None)
        while True:
            now = clock.now()
            tally = await deliveries.tally(dispatch_id)
            dispatch = await deliveries.dispatch(dispatch_id)
            progress.update(bar, total=tally.total or None, completed=tally.settled)
            if dispatch is None or dispatch.state in {DispatchState.FINISHED, DispatchState.STOPPED}:
                break
            if dispatch.state is DispatchState.PAUSED:
                click.echo("送信は一時停止しています。", err=True)
                return tally, _EXIT_HELD
            if await queue.anybody_there(now - _NOBODY_AFTER):
                last_seen = now
            elif now - last_seen > _NOBODY_AFTER:
                click.echo("送る serve が動いていません。起動すると、続きから送ります。", err=True)
                return tally, _EXIT_HELD
            await asyncio.sleep(_POLL)
    click.echo(
        f"届いた {tally.delivered:,}人、送れなかった {tally.failed:,}人、届いたか不明 {tally.unknown:,}人",
        err=quiet,
    )
    return tally, _EXIT_HELD if tally.unknown else 0
