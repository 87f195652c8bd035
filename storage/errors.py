"""What can keep the storage from working; each message is one Japanese line for whoever runs the bot."""

from pathlib import Path


class StorageError(Exception):
    """The storage can't be used as it stands; the message says what to do about it."""


class DataFolderError(StorageError):
    """The data folder can't be made or entered."""

    def __init__(self, folder: Path, reason: str) -> None:
        """Name the folder and what the system said."""
        super().__init__(
            f"データフォルダー {folder} を使用できません（{reason}）。場所と権限を確認してください。"
        )


class DatabaseUrlError(StorageError):
    """The database URL is none that the ledger can use; it is not repeated, for it may hold a password."""

    def __init__(self) -> None:
        """Say which form is understood."""
        super().__init__(
            "データベースの URL が正しくありません。"
            "postgresql://利用者@ホスト/データベース の形で指定してください。"
        )


class LedgerUnreachableError(StorageError):
    """The database does not answer, or its file is none of SQLite."""

    def __init__(self, reason: str) -> None:
        """Keep what the driver said."""
        super().__init__(f"データベースに接続できません（{reason}）。")


class LedgerTooNew(StorageError):
    """A newer program has changed the database; this one would not understand what it reads."""

    def __init__(self, found: str, known: str) -> None:
        """Name the revision in the database and the newest one that the program knows."""
        super().__init__(
            f"データベースの版（{found}）は、このプログラムが扱える版（{known}）より新しいものです。"
            "新しい版のプログラムを使用してください。"
        )


class LedgerBusyError(StorageError):
    """Another process has been changing the tables for longer than anybody should wait."""

    def __init__(self, seconds: float) -> None:
        """Say how long was waited."""
        super().__init__(
            f"ほかの処理がデータベースを更新しているため、{seconds:g}秒待っても開始できませんでした。"
        )


class AlreadyServing(StorageError):
    """Another `serve` runs on this data folder."""

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        super().__init__(f"データフォルダー {folder} では、すでに serve が動いています。")


class DocumentsUnreadableError(StorageError):
    """A collection's file is damaged; it is left as it is, for a person to mend."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file and what is wrong in it."""
        self.path = path
        super().__init__(
            f"文書ファイル {path} を読み取れません（{reason}）。"
            "内容を直すか、バックアップから戻してください。"
        )


class DocumentsBusyError(StorageError):
    """Another process has held a collection's lock for too long; nothing was written."""

    def __init__(self, path: Path, seconds: float) -> None:
        """Name the file and how long was waited."""
        self.path = path
        super().__init__(
            f"文書ファイル {path} はほかの処理が使用中で、{seconds:g}秒待っても書き込めませんでした。"
        )
