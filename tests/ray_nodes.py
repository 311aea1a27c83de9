"""A Ray cluster of two nodes on this machine, in a process of its own.

`with ray_nodes() as nodes:` gives its address, and loses its second node when asked. As a program it is that
process: it tells its address, obeys the lines that it reads, and takes the cluster with it when they end.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

STORE = 100 * 2**20  # bytes; Ray takes no less than 75 MiB
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # as it is on other systems
SOON = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 3,
}


class RayNodes:
    """The cluster, and what can be done to it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = self._told()

    def lose_a_node(self) -> None:
        """Kill all processes of the second node at once."""
        self._say("lose")

    def add_a_node(self) -> None:
        """Start a second node."""
        self._say("add")

    def lose_the_head(self) -> None:
        """Kill all processes of the first node at once; there is no cluster without it."""
        self._say("behead")

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        self._told()

    def _told(self) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):
                return str(json.loads(line)["address"])
        raise RuntimeError("The Ray cluster did not start.")


@contextlib.contextmanager
def ray_nodes(processors: int = 1) -> Iterator[RayNodes]:
    """A cluster of two nodes that are ready, each with so many processors, until the block ends."""
    command = [sys.executable, __file__, str(processors)]
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parent),  # workers may need the fakes
        "RAY_LOG_TO_STDERR": "0",  # what it writes would fill the pipe, which nobody reads meanwhile
    }
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield RayNodes(process)
        finally:
            assert process.stdin
            process.stdin.close()
            try:
                process.wait(30)
            finally:
                process.kill()


def main(processors: int) -> None:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"} | LOOPBACK
    node = {"num_cpus": processors, "object_store_memory": STORE, "include_dashboard": False}
    with tempfile.TemporaryDirectory(prefix="footnote-ray-", ignore_cleanup_errors=True) as folder:
        os.environ["RAY_TMPDIR"] = folder
        from ray.cluster_utils import Cluster

        head = {**node, "_system_config": SOON}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        second = cluster.add_node(**node)
        cluster.wait_for_nodes()
        try:
            tell(cluster.address)
            for line in sys.stdin:
                if line.strip() == "lose":
                    cluster.remove_node(second, allow_graceful=False)
                elif line.strip() == "behead":
                    cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
                else:
                    second = cluster.add_node(**node)
                tell(cluster.address)
        finally:
            cluster.shutdown()


def tell(address: str) -> None:
    print(json.dumps({"address": address}), flush=True)  # noqa: T201


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(int(sys.argv[1]))
