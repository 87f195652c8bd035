"""`python -m bot VERB`: the command line. A verb's module is imported only when that verb is asked for."""

import importlib
import sys

import click

VERBS = {
    "serve": "ボットを動かします。",
    "check": "設定・証明書・データ・名簿・アプリの部品を調べ、直すところを1行ずつ示します。",
    "announce": "ファイルに書いた周知を送ります。",
    "report": "周知が誰に届いたかを示します。",
    "package": "Teams に登録するアプリの zip を作ります。",
}
"""Each verb with the line that `--help` shows for it, so that listing them imports none."""


class LazyGroup(click.Group):
    """A group whose verbs live in modules of their own, `bot.verbs.VERB`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a verb's module and return its command."""
        if cmd_name not in VERBS:
            return None
        command = importlib.import_module(f"bot.verbs.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=LazyGroup, name="bot", context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """働き方ボット: Microsoft Teams で働き方の制度と取組を支えるボットです。"""


def run() -> None:
    """Run the command line; what an operator can mend is one clear line and exit code 1."""
    from bot.errors import OperatorError, UserFacingError  # noqa: PLC0415 - `--help` does without

    try:
        main(prog_name="python -m bot")
    except (OperatorError, UserFacingError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:
        if not _is_storage_error(error):
            raise
        click.echo(str(error), err=True)
        sys.exit(1)


def _is_storage_error(error: Exception) -> bool:
    from storage.errors import StorageError  # noqa: PLC0415 - only when something went wrong

    return isinstance(error, StorageError)


if __name__ == "__main__":
    run()
