using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Simulation.Tests.Scenarios;

/// <summary>What a scenario file says of single nodes and of limits, read and simulated.</summary>
public sealed class ScenarioFileTests
{
    /// <summary>Goal: each word of the file is followed. Method: six nodes, and what each of them shows at the end.</summary>
    [Fact]
    public void File_LateForeignSplitAndLimits_AreSimulated()
    {
        var scenario = Run.Read(
            """
            {
              "image": { "size": "8MiB" },
              "sites": [
                { "nodes": 4, "wan_down": "20mbit", "wan_up": "20mbit", "wan_delay_ms": 5, "foreign": 1 },
                { "nodes": 2, "wan_down": "20mbit", "wan_up": "20mbit", "wan_delay_ms": 5, "limits": { "site_wan_down": "8mbit", "lan_down": "80mbit" } }
              ],
              "starts": { "late": [ { "site": 1, "node": 3, "at_s": 2.5 } ] },
              "limits": { "neighbour_wait_ms": 500 },
              "faults": [ { "kind": "split", "site": 1, "node": 4, "at_s": 0, "for_s": 60 } ]
            }
            """
        );
        Assert.Equal(new DownLimits { SiteWanDown = 8e6, LanDown = 80e6 }, scenario.Sites[1].Limits);
        var run = Run.Of(scenario, 1);
        Assert.True(run.IsGood, run.FirstBreach);
        var nodes = run.Leechers;
        Assert.True(nodes[0].IsForeign);
        Assert.False(nodes[0].Options.UsesClaims);
        Assert.Equal(0, nodes[0].Options.NeighbourWaitMs);
        Assert.All(nodes.Skip(1), node => Assert.True(node is { IsForeign: false, Options: { UsesClaims: true, NeighbourWaitMs: 500 } }));
        Assert.Equal(2_500_000_000, nodes[2].StartAt);
        // Cut off from its site from the beginning, it fetches everything over the WAN link.
        Assert.Equal(8 << 20, nodes[3].WanPayload);
        Assert.Null(nodes[3].Options.Budget);
        Assert.Equal(1_000_000, nodes[4].Options.Budget!.Limits.SiteWanDown);
        Assert.Equal(10_000_000, nodes[5].Options.Budget!.Limits.LanDown);
        Assert.InRange(nodes.Skip(4).Max(node => node.DoneAt!.Value), (8 << 20) * 1000L, 2 * (8 << 20) * 1000L);
    }

    [Theory]
    [InlineData("""{ "sites": [ { "nodes": 2, "foreign": 3 } ] }""", "test.json: sites[0].foreign is 3, but a site has 2 nodes")]
    [InlineData(
        """{ "sites": [ { "nodes": 2 } ], "starts": { "late": [ { "site": 1, "node": 3 } ] } }""",
        "test.json: starts.late[0].node is 3, but site 1 has 2 nodes"
    )]
    [InlineData("""{ "sites": [ { "nodes": 2 } ], "starts": { "late": [ { "site": 1 } ] } }""", "test.json: starts.late[0].node is missing")]
    [InlineData(
        """{ "sites": [ { "nodes": 2 } ], "faults": [ { "kind": "split", "site": 1, "node": 3 } ] }""",
        "test.json: faults[0].node is 3, but site 1 has 2 nodes"
    )]
    public void File_NamesWhatIsNotThere_IsSaidInOneLine(string json, string expected) =>
        Assert.Equal(expected, Assert.Throws<ScenarioException>(() => Run.Read(json)).Message);
}
