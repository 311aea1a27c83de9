"""The API's documentation page, with its scripts served from here: no request leaves the machine."""

import base64
import re
from hashlib import sha256
from importlib import resources

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "docs-assets"


def install_docs(api: FastAPI, prefix: str) -> None:
    """Serve the documentation at `<prefix>/docs`."""
    assets = f"{prefix}/{ASSETS}"
    shown = get_swagger_ui_html(
        openapi_url=str(api.openapi_url),
        title=f"{api.title} API",
        swagger_js_url=f"{assets}/swagger-ui-bundle.js",
        swagger_css_url=f"{assets}/swagger-ui.css",
        swagger_favicon_url=f"{assets}/favicon.png",
    )
    html = bytes(shown.body).decode()
    page = HTMLResponse(html, headers={"Content-Security-Policy": _policy(html)})
    router = APIRouter()

    @router.get(f"{prefix}/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return page

    api.mount(assets, StaticFiles(directory=str(resources.files("fastapi_offline") / "static")))
    api.include_router(router)


def _policy(html: str) -> str:
    """What the page may do: run its own scripts, and the one that is written in it."""
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(sha256(script.encode()).digest()).decode() for script in inline]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' " + " ".join(f"'sha256-{digest}'" for digest in hashes),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
