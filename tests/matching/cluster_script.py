"""Run commands on a Ray cluster of two nodes with one process each, on the loopback alone.

Takes, as JSON, lists of arguments of which «CLUSTER» stands for the address; prints, as JSON, the
exit codes, how many nodes did the work, and every address on which the cluster listened. Ray is
kept to the loopback by its own switch for desktops, since it would say the machine's address instead.
"""

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path

import ray
from cluster_work import lost, place_of
from ray._private import ray_constants
from ray.cluster_utils import Cluster
from typer.testing import CliRunner

from breakwater.matching.bulk import commands as bulk
from breakwater.matching.bulk import engines
from breakwater.matching.commands import app as hashing

ADDRESS = "127.0.0.1"
NODE = {"num_cpus": 1, "node_ip_address": ADDRESS, "object_store_memory": 100 << 20}


def children(of: int) -> set[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(path.parent.name)] = int(fields[1])
    found, grown = {of}, 0
    while len(found) > grown:
        grown = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def listening(processes: set[int]) -> set[str]:
    """Addresses in hexadecimal, as the kernel lists them, where one of `processes` listens."""
    sockets = set()
    for process in processes:
        for link in Path(f"/proc/{process}/fd").glob("*"):
            try:
                sockets |= set(re.findall(r"socket:\[(\d+)\]", str(link.readlink())))
            except OSError:
                continue
    found = set()
    for name in ("tcp", "tcp6"):
        table = Path(f"/proc/net/{name}")
        # There is none for tcp6 where the kernel runs without IPv6.
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found


def main() -> None:
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    ray_constants.ENABLE_RAY_CLUSTER = False
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    cluster.add_node(**NODE)
    codes = []
    for arguments in json.loads(sys.argv[1]):
        with_address = [a.replace("CLUSTER", cluster.address) for a in arguments]
        is_hash = with_address[0] == "hash"
        done = CliRunner().invoke(hashing if is_hash else bulk.app, with_address[is_hash:])
        codes.append((done.exit_code, done.output))
    engine = engines.DaftEngine(2, cluster.address)
    worked = list(engine.each(place_of, [[n] for n in range(64)], lost))
    seen = listening(children(os.getpid()))
    nodes = len([node for node in ray.nodes() if node["Alive"]])
    ray.shutdown()
    cluster.shutdown()
    sys.stdout.write(json.dumps({
        "codes": codes, "nodes": nodes, "listening": sorted(seen),
        "order": [n for n, _ in worked], "places": Counter(place for _, place in worked if place),
    }) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
