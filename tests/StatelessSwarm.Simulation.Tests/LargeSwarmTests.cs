using StatelessSwarm.Sim.Reports;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>Five hundred nodes, on a coarse grain, and what is written about them.</summary>
public sealed class LargeSwarmTests(ITestOutputHelper output)
{
    [Fact]
    public void FiveHundredNodes_TwentySites_EverybodyFinishesAndEachWanCarriesOneCopy()
    {
        var scenario = Run.Read(
            """
            {
              "image": { "size": "32MiB", "piece": "1MiB", "grain": 8 },
              "seeds": { "up": "1gbit", "down": "1gbit", "max_peers": 200 },
              "sites": [ { "count": 20, "nodes": 25, "wan_down": "50mbit", "wan_up": "50mbit", "wan_delay_ms": 10 } ],
              "starts": { "spread_s": 1 },
              "tracker": { "peers": 20 },
              "limits": { "wan_peers": 4 },
              "tick_ms": 2
            }
            """
        );
        var run = Run.Of(scenario, 1, threads: 2);
        output.WriteLine(run.Words(32 * 8.388608 / 50));
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.Equal(500, run.Report.DoneSeconds.Count);
        // Of 32 pieces some are asked for twice while 25 nodes get to know each other.
        Assert.InRange(run.Report.WanCopiesMax, 1, 1.3);
        CheckWritten(run);
    }

    private static void CheckWritten(Run run)
    {
        using var json = System.Text.Json.JsonDocument.Parse(run.Report.ToJson());
        Assert.Equal(20, json.RootElement.GetProperty("sites").GetArrayLength());
        Assert.Equal(run.Report.Hash, json.RootElement.GetProperty("hash").GetString());
        Assert.True(json.RootElement.GetProperty("sites")[0].GetProperty("wan_bytes_in").GetInt64() >= 32 << 20);
        var folder = Directory.CreateTempSubdirectory("sim-plots-");
        try
        {
            RunPlots.Write(folder.FullName, run.Swarm, run.Report);
            foreach (var name in new[] { "completion.svg", "wan.svg", "messages.svg" })
                Assert.Equal("svg", System.Xml.Linq.XDocument.Load(Path.Combine(folder.FullName, name)).Root!.Name.LocalName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
