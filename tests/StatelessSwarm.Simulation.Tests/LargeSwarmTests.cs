using StatelessSwarm.Sim.Reports;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>Five hundred nodes, on a coarse grain, and what is written about them; an office too large for everybody to know everybody.</summary>
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

    /// <summary>
    /// Goal: the image comes once into an office in which nobody is connected to everybody. Method: 150 nodes with 40 connections of their own
    /// making; a hundred pairs in three do not hear each other's claims, so their common neighbours must tell them. Without that: 1.5 copies.
    /// </summary>
    [Fact]
    public void OneLargeOffice_NobodyKnowsEverybody_TheImageComesOnce()
    {
        var scenario = Run.Read(
            """
            {
              "image": { "size": "48MiB" },
              "seeds": { "up": "1gbit", "down": "1gbit", "max_peers": 1000, "upload_slots": 1000 },
              "sites": [ { "nodes": 150, "wan_down": "100mbit", "wan_up": "100mbit", "wan_delay_ms": 10 } ],
              "starts": { "spread_s": 2 },
              "tracker": { "peers": 20, "interval_s": 300 },
              "limits": { "wan_peers": 4 },
              "tick_ms": 5
            }
            """
        );
        var run = Run.Of(scenario, 1, threads: 2);
        output.WriteLine(run.Words(48 * 8.388608 / 100));
        Assert.True(run.IsGood, run.FirstBreach);
        Assert.InRange(run.Report.WanCopiesMax, 1, 1.05);
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
