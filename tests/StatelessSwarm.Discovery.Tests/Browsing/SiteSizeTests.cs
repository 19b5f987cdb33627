using StatelessSwarm.Discovery.Tests.Network;

namespace StatelessSwarm.Discovery.Tests.Browsing;

/// <summary>What multicast DNS costs in a large site: every node registers and browses the service.</summary>
public sealed class SiteSizeTests(ITestOutputHelper output)
{
    private static bool IsNightly => Environment.GetEnvironmentVariable("STATELESS_NIGHTLY") is "1";

    /// <summary>Nodes of the site; three hundred take minutes of computing.</summary>
    public static TheoryData<int> Sizes => IsNightly ? [30, 60, 300] : [30, 60];

    /// <summary>
    /// Goal: traffic grows no faster than the number of nodes, because one answer serves all who ask. Method: all nodes boot within
    /// ten seconds; packets of the first 30 s, and then of four minutes, are counted; so are those of one node that boots later.
    /// </summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void Site_AllBootTogether_TrafficIsBounded(int nodes)
    {
        long multicasts = 0, unicasts = 0, bytes = 0;
        var segment = new VirtualSegment
        {
            KeepsPackets = false,
            OnPacket = packet =>
            {
                bytes += packet.Payload.Length;
                if (packet.Target is null)
                    multicasts++;
                else
                    unicasts++;
            },
        };
        var random = new Random(1);
        var starts = Enumerable.Range(1, nodes).Select(number => (Number: number, At: random.NextDouble() * 10)).OrderBy(start => start.At);
        var hosts = new List<VirtualHost>();
        foreach (var (number, at) in starts)
        {
            segment.Run(TimeSpan.FromSeconds(at) - segment.Now);
            hosts.Add(Boot(segment, number));
        }
        segment.Run(TimeSpan.FromSeconds(30) - segment.Now);
        output.WriteLine($"{nodes} nodes boot within 10 s: {multicasts} multicasts, {unicasts} unicasts, {bytes / 1024} KiB in 30 s");
        Assert.True(multicasts <= 16L * nodes);

        (multicasts, unicasts, bytes) = (0, 0, 0);
        segment.Run(240);
        output.WriteLine($"then {multicasts / 240.0:f1} multicasts/s, {unicasts / 240.0:f1} unicasts/s, {bytes / 240 / 1024.0:f1} KiB/s");
        Assert.InRange(multicasts / 240.0, 0, 0.05 * nodes);
        Assert.All(hosts, host => Assert.Equal(nodes - 1, host.TakeEvents().Count(e => e.StartsWith("Found", StringComparison.Ordinal))));

        (multicasts, unicasts, bytes) = (0, 0, 0);
        var late = Boot(segment, nodes + 1);
        var before = segment.Now;
        segment.Run(2);
        output.WriteLine($"one more boots: {multicasts} multicasts, {unicasts} unicasts in {(segment.Now - before).TotalSeconds} s");
        Assert.Equal(nodes, late.TakeEvents().Count(e => e.StartsWith("Found", StringComparison.Ordinal)));
    }

    private static VirtualHost Boot(VirtualSegment segment, int number)
    {
        var host = segment.Add($"node{number}", number);
        host.Register($"node{number}", 6881, ("id", $"{number:x16}"), ("site", "north"), ("v", "1"));
        host.Browse();
        return host;
    }
}
