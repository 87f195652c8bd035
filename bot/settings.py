"""Settings: environment variables with the prefix BOT_, or a `.env` file."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import OperatorError


class AuthKind(StrEnum):
    """How the bot proves to Teams who it is; the safest first."""

    MANAGED_IDENTITY = "managed-identity"
    WORKLOAD_IDENTITY = "workload-identity"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - the name of a kind


class Settings(BaseSettings):
    """What an administrator can set; the field `app_id` is read from `BOT_APP_ID`, and so on."""

    model_config = SettingsConfigDict(env_prefix="BOT_", env_file=".env", extra="ignore", frozen=True)

    app_id: str = ""
    app_secret: str = Field(default="", repr=False)
    app_certificate: Path | None = None
    tenant_id: str = ""
    auth: AuthKind | None = None
    data_dir: Path = Path("data")
    database_url: str = Field(default="", repr=False)
    people: Path | None = None
    sections: Path | None = None
    roles: Path | None = None
    service_url: str = ""
    openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    send_rate: float = Field(default=30, ge=0, allow_inf_nan=False)
    send_concurrency: int = Field(default=50, ge=1, le=500)
    directory: Literal["file"] = "file"
    min_group: int = Field(default=5, ge=2)
    union_briefed_on: str = ""
    privacy_reviewed_on: str = ""
    privacy_url: str = "https://www.soumu.go.jp/"
    terms_url: str = "https://www.soumu.go.jp/"
    local: bool = False


def load_settings(**overrides: object) -> Settings:
    """Read the settings; values given on the command line (not None) win over the environment.

    Raises:
        OperatorError: a value can't be read; the message names the variable.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise OperatorError(f"設定 BOT_{name} の値が正しくありません: {first['msg']}") from None
