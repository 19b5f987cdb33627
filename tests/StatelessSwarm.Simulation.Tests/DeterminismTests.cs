using StatelessSwarm.Simulation.Tests.Swarms;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>Fifty engines in one process on a virtual network and clock.</summary>
public sealed class DeterminismTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6;
    private static readonly SyntheticTorrent Torrent = new(32 << 20, 256 << 10);

    /// <summary>
    /// Goal: a run is a function of its number. Method: one seed and 49 nodes in five sites run to completion; every command of
    /// every engine goes into a hash, with its virtual time.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Swarm_FiftyEnginesTwice_SameNumberSameLogOtherNumberOtherLog(bool isV1)
    {
        var first = RunOnce(50, isV1);
        var again = RunOnce(50, isV1);
        var other = RunOnce(51, isV1);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    private string RunOnce(int seed, bool isV1)
    {
        using var swarm = new SimSwarm(Torrent, seed) { IsV1 = isV1 };
        var home = swarm.AddSite(1e9, 1e9, 5);
        swarm.AddNode(home, 100 * Mbit, 100 * Mbit);
        for (var site = 0; site < 5; site++)
        {
            var branch = swarm.AddSite(20 * Mbit, 10 * Mbit, 2 + 3 * site);
            for (var node = 0; node < (site == 4 ? 9 : 10); node++)
                swarm.AddNode(branch, 100 * Mbit, 100 * Mbit);
        }
        Assert.Equal(50, swarm.Nodes.Count);
        swarm.StartAll();
        Assert.True(swarm.Run(300));
        var copies = string.Join(' ', swarm.Sites.Skip(1).Select(site => $"{swarm.CopiesInto(site):f3}"));
        output.WriteLine(
            $"number {seed}: last {swarm.LastNodeSeconds:f2} s, optimum {Torrent.Info.ContentBytes * 8 / (20 * Mbit):f2} s, "
                + $"seed egress {swarm.CopiesFrom(swarm.Seed):f3}, WAN copies {copies}, wasted {swarm.WastedShare:f4}, "
                + $"{swarm.Log.Commands} commands, log {swarm.Log.Digest()[..16]}"
        );
        Assert.All(swarm.Nodes, node => Assert.True(node.Engine.IsComplete));
        Assert.All(swarm.Sites.Skip(1), site => Assert.InRange(swarm.CopiesInto(site), 1, 1.1));
        return swarm.Log.Digest();
    }
}
