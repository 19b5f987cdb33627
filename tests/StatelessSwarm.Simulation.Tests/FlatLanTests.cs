using StatelessSwarm.Simulation.Tests.Swarms;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>One LAN, one seed on it: scenario S2 of the baselines (seed up 25 Mbit/s, nodes 50/50, 64 MiB in 256 KiB pieces).</summary>
public sealed class FlatLanTests(ITestOutputHelper output)
{
    private const double Mbit = 1e6;
    private static readonly SyntheticTorrent Torrent = new(64 << 20, 256 << 10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lan_SixteenNodesOneSeed_SeedSendsOneCopyAndTheLastNodeIsNearTheOptimum(int seed)
    {
        using var swarm = new SimSwarm(Torrent, seed);
        var site = swarm.AddSite(1e9, 1e9, 5);
        swarm.AddNode(site, 25 * Mbit, 25 * Mbit);
        for (var node = 0; node < 16; node++)
            swarm.AddNode(site, 50 * Mbit, 50 * Mbit);
        swarm.StartAll();
        var done = swarm.Run(120);
        var optimum = Torrent.Info.ContentBytes * 8 / (25 * Mbit);
        output.WriteLine(
            $"last {swarm.LastNodeSeconds:f2} s, optimum {optimum:f2} s, ratio {swarm.LastNodeSeconds / optimum:f3}, "
                + $"seed egress {swarm.CopiesFrom(swarm.Seed):f3}, wasted {swarm.WastedShare:f4}, {swarm.Log.Commands} commands"
        );
        Assert.True(done);
        Assert.InRange(swarm.CopiesFrom(swarm.Seed), 1, 1.15);
        Assert.InRange(swarm.LastNodeSeconds / optimum, 1, 1.08);
    }

    /// <summary>
    /// Goal: foreign clients, who know no claims, get a seed's content while it sends it about once, and no later than from an ordinary
    /// seed. Method: the same swarm with both kinds of seed.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Lan_SixteenForeignNodes_SuperSeedingSendsOneCopyAndTheLastNodeIsNotLater(int seed)
    {
        var (ordinaryCopies, ordinarySeconds) = RunForeign(seed, superSeeds: false);
        var (copies, seconds) = RunForeign(seed, superSeeds: true);
        var optimum = Torrent.Info.ContentBytes * 8 / (25 * Mbit);
        output.WriteLine(
            $"ordinary: copies {ordinaryCopies:f3}, last {ordinarySeconds / optimum:f3}; super: copies {copies:f3}, last {seconds / optimum:f3}"
        );
        Assert.InRange(copies, 1, 1.10);
        Assert.True(seconds <= ordinarySeconds);
    }

    private static (double Copies, double Seconds) RunForeign(int seed, bool superSeeds)
    {
        using var swarm = new SimSwarm(Torrent, seed);
        var site = swarm.AddSite(1e9, 1e9, 5);
        swarm.AddNode(site, 25 * Mbit, 25 * Mbit, options => options with { UsesClaims = false, SuperSeeds = superSeeds });
        for (var node = 0; node < 16; node++)
            swarm.AddNode(site, 50 * Mbit, 50 * Mbit, options => options with { UsesClaims = false });
        swarm.StartAll();
        Assert.True(swarm.Run(300));
        return (swarm.CopiesFrom(swarm.Seed), swarm.LastNodeSeconds);
    }
}
