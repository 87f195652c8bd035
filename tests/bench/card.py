"""The announcement that every benchmark sends: an Adaptive Card of about 2 KB in Japanese."""

from typing import Any

import orjson

TITLE = "11月はテレワーク月間です"

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "version": "1.5",
    "lang": "ja",
    "fallbackText": TITLE,
    "speak": TITLE,
    "body": [
        {"type": "TextBlock", "text": TITLE, "style": "heading", "size": "large", "wrap": True},
        {
            "type": "TextBlock",
            "text": "職員の皆様へ。本年も11月をテレワーク月間とし、一人一人が柔軟な働き方を"
            "実践する機会とします。期間中は、各自１回以上のテレワークの実施に努めてください。"
            "実施に当たっては、業務の状況に応じて、時差出勤やフレックスタイム制との併用も御検討ください。",
            "wrap": True,
        },
        {
            "type": "TextBlock",
            "text": "- 管理職の皆様は、率先してテレワークを行い、部下が行いやすい雰囲気をつくってください。\n"
            "- 会議は原則としてオンラインを併用し、資料は前日までに共有してください。\n"
            "- 実施した日は、このチャットの「テレワークを記録」から記録してください。\n"
            "- 機器や通信環境に不具合があるときは、早めに各局の庶務担当に御相談ください。",
            "wrap": True,
        },
        {
            "type": "FactSet",
            "facts": [
                {"title": "期間", "value": "令和８年11月１日（日）から11月30日（月）まで"},
                {"title": "確認の期限", "value": "令和８年12月11日（金）"},
                {"title": "発信者", "value": "大臣官房秘書課 働き方改革・業務見直し推進室"},
                {"title": "問合せ先", "value": "内線 00000"},
            ],
        },
    ],
    "actions": [
        {
            "type": "Action.Execute",
            "title": "確認しました",
            "verb": "announcements.acknowledge",
            "data": {"v": 1, "id": "A-2026-0001"},
        },
        {"type": "Action.OpenUrl", "title": "制度のページ", "url": "https://example.jp/telework"},
    ],
}

ACTIVITY: dict[str, Any] = {
    "type": "message",
    "summary": TITLE,
    "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}],
}

ACTIVITY_JSON = orjson.dumps(ACTIVITY)

# The answer to a pressed button that replaces the card.
INVOKE_ANSWER: dict[str, Any] = {
    "statusCode": 200,
    "type": "application/vnd.microsoft.card.adaptive",
    "value": CARD,
}

INVOKE_ANSWER_JSON = orjson.dumps(INVOKE_ANSWER)
