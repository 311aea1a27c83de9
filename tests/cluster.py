"""Several servers behind nginx, on one index and one PostgreSQL database, as docs/scale.md has them."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
from ports import free_port
from programs import nginx
from serving import COMMAND, Served

DOCUMENTED = Path(__file__).parent.parent / "docs" / "nginx.conf"
TOKEN = "a token of twenty-four".replace(" ", "-")
AROUND = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {inside}
}}
"""


class Cluster:
    """The servers, each at a port that it keeps, and where the balancer is."""

    def __init__(self, folder: Path, settings: dict[str, str], count: int) -> None:
        self._folder = folder
        self._settings = settings
        self.ports = [free_port() for _ in range(count)]
        self.address = f"http://127.0.0.1:{free_port()}"
        self.servers: list[Served] = []
        self._balancer: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all of it; what was started has to be stopped also where this is interrupted."""
        for port in self.ports:
            self.servers.append(self._start(port))
        self._balancer = self._balance()

    def client(self, number: int | None = None) -> httpx2.Client:
        """A client of one server, or of the balancer."""
        address = self.address if number is None else self.servers[number].address
        return httpx2.Client(
            base_url=address, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}, follow_redirects=False
        )

    def kill(self, number: int) -> None:
        self.servers[number].process.kill()
        self.servers[number].process.wait(30)

    def restart(self, number: int) -> None:
        self.servers[number] = self._start(self.ports[number])

    def wait(self, numbers: Sequence[int] | None = None) -> None:
        """Wait until these servers are ready to answer."""
        until = time.monotonic() + 120
        for number in range(len(self.servers)) if numbers is None else numbers:
            server = self.servers[number]
            while not server.is_ready():
                if time.monotonic() > until or server.process.poll() is not None:
                    raise TimeoutError((self._folder / "servers.log").read_text("utf-8"))
                time.sleep(0.1)

    def stop(self) -> None:
        balancers = [self._balancer] if self._balancer else []
        processes = [*balancers, *(server.process for server in self.servers)]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def _start(self, port: int) -> Served:
        environment = os.environ | self._settings | {"FOOTNOTE_PORT": str(port)}
        with (self._folder / "servers.log").open("ab") as log:
            process = subprocess.Popen([*COMMAND, "serve"], env=environment, stdout=log, stderr=log)
        return Served(process, f"http://127.0.0.1:{port}")

    def _balance(self) -> "subprocess.Popen[bytes]":
        """Nginx with the configuration that is documented, but for its ports."""
        inside = DOCUMENTED.read_text("utf-8").replace("127.0.0.1:8000", self.address.removeprefix("http://"))
        servers = [f"server 127.0.0.1:{port} fail_timeout=2s;" for port in self.ports]
        inside, found = re.subn(
            r"(\s+server 127\.0\.0\.1:\d+ fail_timeout=2s;)+", " " + " ".join(servers), inside
        )
        assert found == 2
        user = "user root;" if os.getuid() == 0 else ""
        file = self._folder / "nginx.conf"
        file.write_text(AROUND.format(folder=self._folder, user=user, inside=inside), "utf-8")
        log = (self._folder / "nginx.out").open("ab")
        with log:
            return subprocess.Popen([nginx(), "-p", self._folder, "-c", file], stdout=log, stderr=log)


@contextmanager
def cluster(folder: Path, notes: Path, database: str, count: int = 2, **settings: str) -> Iterator[Cluster]:
    """So many servers behind nginx, ready to answer. Raises NotInstalled."""
    nginx()
    given = {
        "FOOTNOTE_NOTES": str(notes),
        "FOOTNOTE_INDEX": str(folder / "index"),
        "FOOTNOTE_DATABASE": database,
        "FOOTNOTE_TOKEN": TOKEN,
        "FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1",
        "FOOTNOTE_REQUESTS_PER_MINUTE": "0",
        **settings,
    }
    running = Cluster(folder, given, count)
    try:
        running.start()
        running.wait()
        yield running
    finally:
        running.stop()
