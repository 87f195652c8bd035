"""What 使い方 explains: one task a record, in the words that people read in chat and in the README."""

from dataclasses import dataclass
from typing import Any

from cards.announcements.verbs import LIST, NEW, SENT, PageRef
from cards.kit.verbs import Nothing, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRef:
    """A task of the guide by its name; "" is the guide's first card."""

    task: str = ""


TASK = Verb("help.task", TaskRef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that a person wants done: the steps, and the button that starts it.

    `name` stays for ever, as it stands on cards that people keep. `promises` says that the person's own
    record is touched, so that the promise belongs there.
    """

    name: str
    title: str
    remark: str
    steps: tuple[str, ...]
    promises: bool = False
    button: str
    verb: Verb[Any]
    payload: object = Nothing()


STAFF_TASKS = (
    Task(
        name="confirm",
        title="お知らせを確認する",
        remark="届いたお知らせに、確認を伝えます。",
        steps=(
            "お知らせが、このチャットに届きます。",
            "本文を読みます。長いときは「続きを読む」を押すと、全文が開きます。",
            "「確認しました」を押します。これで確認が伝わります。ボタンがないときは、読むだけで済みます。",
            "確認した時刻は、ご本人にだけ表示されます。ほかの方に伝わるのは日付までです。",
        ),
        promises=True,
        button="お知らせを見る",
        verb=LIST,
        payload=PageRef(),
    ),
    Task(
        name="read_again",
        title="お知らせを読み返す",
        remark="届いたお知らせを、また読みます。",
        steps=(
            "「お知らせ」と送ると、一覧が出ます。",
            "読みたいお知らせを押します。確認がまだのものが先に並びます。",
            "続きがあるときは、一覧の下のボタンで進みます。",
        ),
        button="お知らせを見る",
        verb=LIST,
        payload=PageRef(),
    ),
)
AUTHOR_TASKS = (
    Task(
        name="send",
        title="周知を作って送る",
        remark="周知を書き、確かめて送ります。",
        steps=(
            "「周知を作る」と送ると、入力欄が出ます。件名、本文、宛先などを入力します。",
            "「プレビューへ」を押して、届く形と人数を確かめます。まだ送信されません。",
            "「自分に試し送信」を押すと、自分にだけ届きます。実際の見え方を確かめられます。",
            "必要な決裁を、所定の方法で受けます。ボットでの操作は決裁に代わりません。",
            "人数の書かれた送信ボタンを押します。宛先の全員に送られます。",
        ),
        button="周知を作る",
        verb=NEW,
    ),
    Task(
        name="resend",
        title="届き方を見て再送する",
        remark="送れなかった方に、再送します。",
        steps=(
            "「配信の状況」と送ると、送った周知が並びます。見たいものを押します。",
            "届いた人数と、送れなかった理由が表示されます。",
            "送信が終わったら、再送のボタンを押します。送れなかった方にだけ、もう一度送られます。",
            (
                "「届いたか不明」の方がいるときは、再送するか「配信済みとして扱う」かを選びます。"
                "再送すると、同じお知らせが2通届く方が出ることがあります。"
            ),
        ),
        button="配信の状況を見る",
        verb=SENT,
    ),
    Task(
        name="confirmations",
        title="確認の状況を部局別に見る",
        remark="部局ごとの確認の人数を見ます。",
        steps=(
            "「配信の状況」と送ると、送った周知が並びます。見たいものを押します。",
            "「部局別の確認状況」を押します。確認を求めた周知が届き始めると、このボタンが出ます。",
            "部局ごとに、届いた人数と確認した人数が表示されます。個人の名前は表示されません。",
        ),
        promises=True,
        button="配信の状況を見る",
        verb=SENT,
    ),
)
ADMINISTRATOR_TASKS = (
    Task(
        name="paused",
        title="配信が止まったときにすること",
        remark="理由を確かめて、続きを送ります。",
        steps=(
            "止まった理由の書かれたカードを読みます。「一時停止中です」の間は、残りの方に送られません。",
            (
                "「Teamsに接続できません」とあるときは、サーバーで python -m bot check を実行し、"
                "資格情報を確かめて直します。設定を変えたら、ボットを起動し直します。"
            ),
            "宛先が理由のときは、名簿が正しいかを確かめます。",
            (
                "直ったら、届いたカードの「再開する」を押します。周知を送った方や事務局も押せます。"
                "届いている方には、もう一度送られません。"
            ),
        ),
        button="配信の状況を見る",
        verb=SENT,
    ),
)
