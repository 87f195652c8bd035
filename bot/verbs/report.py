"""`report`: what became of an announcement. It reads the ledger and imports nothing of Teams."""

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import click

from bot.verbs.options import shared_options

_LABELS = {
    "title": "件名",
    "state": "状態",
    "total": "宛先",
    "queued": "送信待ち",
    "sending": "送信中",
    "delivered": "届いた",
    "failed": "送れなかった",
    "unknown": "届いたか不明",
    "acknowledged": "確認済み",
    "recalled": "取消済み",
}


@click.command("report")
@click.argument("announcement_id", metavar="ID")
@click.option("--recipients", is_flag=True, help="宛先ごとの結果を示します。")
@click.option("--json", "as_json", is_flag=True, help="JSON で出力します。")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="CSV のファイルに書きます。")
@shared_options
def command(
    announcement_id: str, *, recipients: bool, as_json: bool, csv_file: Path | None, **given: Any
) -> None:
    """周知 ID が誰に届いたかを示します。"""
    from bot.settings import load_settings  # noqa: PLC0415 - `--help` does without

    settings = load_settings(**given)
    rows = asyncio.run(
        _read(settings.data_dir, settings.database_url, announcement_id, recipients=recipients)
    )
    if csv_file is not None:
        _write_csv(csv_file, rows)
    elif as_json:
        click.echo(json.dumps(rows if recipients else rows[0], ensure_ascii=False, indent=2))
    elif recipients:
        for row in rows:
            click.echo("\t".join(str(value if value is not None else "") for value in row.values()))
    else:
        for key, label in _LABELS.items():
            click.echo(f"{label}: {rows[0][key]}")
        for reason, count in rows[0]["reasons"].items():
            click.echo(f"  {reason}: {count}")


async def _read(
    data_dir: Path, database_url: str, announcement_id: str, *, recipients: bool
) -> list[dict[str, Any]]:
    from bot.errors import OperatorError  # noqa: PLC0415
    from storage.deliveries.store import Deliveries  # noqa: PLC0415
    from storage.opening import open_ledger  # noqa: PLC0415

    ledger = await open_ledger(data_dir, database_url)
    try:
        deliveries = Deliveries(ledger)
        dispatches = await deliveries.of_subject(announcement_id)
        if not dispatches:
            raise OperatorError(f"周知 {announcement_id} は見つかりません。ID を確かめてください。")
        post = dispatches[-1]
        if not recipients:
            tally = await deliveries.tally(post.id)
            return [
                {
                    "id": announcement_id,
                    "title": post.title,
                    "state": post.state.value,
                    "total": tally.total,
                    "queued": tally.queued,
                    "sending": tally.sending,
                    "delivered": tally.delivered,
                    "failed": tally.failed,
                    "unknown": tally.unknown,
                    "acknowledged": tally.acknowledged,
                    "recalled": tally.recalled,
                    "reasons": tally.reasons,
                }
            ]
        return [
            {
                "person": row.recipient,
                "state": row.state.value,
                "reason": row.reason,
                "attempts": row.attempts,
                "activity_id": row.activity_id,
                # The time of day stays the person's own.
                "acknowledged_on": row.acknowledged_at.date().isoformat() if row.acknowledged_at else None,
            }
            for row in await deliveries.rows(post.id)
        ]
    finally:
        await ledger.close()


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    # With a byte order mark, so that Excel reads the Japanese right.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    key: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
                    for key, value in row.items()
                }
            )
