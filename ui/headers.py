"""What the browser is told about the chat page: to fetch nothing from anywhere else.

Opened wider than for all else, because Gradio's page does not work without: inline scripts, `eval` (it
compiles its templates in the browser), inline styles, images and fonts as `data:`, workers as `blob:`.
Nothing of this reaches another machine; what notes and questions hold is sanitised before it gets there.
"""

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {"Content-Security-Policy": POLICY}
# Of HTML that the page's script may put into it. A proxy's page has no such mark, and is not sanitised.
FRAGMENT = {"Cache-Control": "no-store", "X-Fragment": "1"}
