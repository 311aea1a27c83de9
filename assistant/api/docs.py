"""The API's documentation page, with its scripts served from here: no request leaves the machine."""

from importlib import resources

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = "docs-assets"


def install_docs(api: FastAPI, prefix: str) -> None:
    """Serve the documentation at `<prefix>/docs`."""
    assets = f"{prefix}/{ASSETS}"
    page = get_swagger_ui_html(
        openapi_url=str(api.openapi_url),
        title=f"{api.title} API",
        swagger_js_url=f"{assets}/swagger-ui-bundle.js",
        swagger_css_url=f"{assets}/swagger-ui.css",
        swagger_favicon_url=f"{assets}/favicon.png",
    )
    router = APIRouter()

    @router.get(f"{prefix}/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return page

    api.mount(assets, StaticFiles(directory=str(resources.files("fastapi_offline") / "static")))
    api.include_router(router)
