import time

import pytest

from gedanken.data import generate, manifest
from gedanken.data.local import Processes
from gedanken.data.ray import ClusterWorkers
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.spread import Cluster

ray = pytest.importorskip("ray")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PLAN = Plan("val", 96, ("head_on", "jenga"), (3, 4, 5), frames=200, shard_scenes=4)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster as Nodes

    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def test_a_cluster_that_loses_a_node_writes_the_same_bytes(tmp_path, cluster, monkeypatch):
    # All tasks are in flight, so that both nodes have work at the moment of the loss.
    monkeypatch.setattr("gedanken.spread.AHEAD", PLAN.shards)
    generate.generate(PLAN, tmp_path / "local", Processes(1))
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ran = []

    def kill(done, total, note):
        ran.append(done)
        if len(ran) == 4:
            # In the middle: three shards are written, and both nodes are at work.
            wait_for(lambda: not ray.available_resources().get("CPU"))
            assert sum(node["Alive"] for node in ray.nodes()) == 2
            cluster.remove_node(second, allow_graceful=False)

    generate.generate(PLAN, tmp_path / "ray", ClusterWorkers(Cluster(cluster.address)), progress=kill)
    assert len(ran) == PLAN.shards + 1
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_address_where_no_cluster_is(tmp_path):
    with pytest.raises(UserError, match="there is no Ray cluster at"):
        generate.generate(PLAN, tmp_path, ClusterWorkers(Cluster("127.0.0.1:1")))
    assert not manifest.read(tmp_path).shards
