using StatelessSwarm.Testing.Networks;

namespace StatelessSwarm.Discovery.Tests.Links;

/// <summary>Two machines on real multicast: the probe program in network namespaces joined by a cable. Needs root.</summary>
public sealed class NamespaceTests : IAsyncLifetime
{
    private const string Type = "_stateless._tcp";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private NetworkNamespace _left = null!;
    private NetworkNamespace _right = null!;

    public async ValueTask InitializeAsync()
    {
        _left = await NetworkNamespace.CreateAsync();
        _right = await NetworkNamespace.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _left.DisposeAsync();
        await _right.DisposeAsync();
    }

    [Fact]
    public async Task TwoMachines_OnOneCable_FindEachOtherAndGoodbye()
    {
        await ConnectAsync();
        await using var left = ProbeProgram.Start(_left, "--host", "left", "--register", "one", "6881", "id=a", "--browse", Type);
        await left.WaitForAsync(line => line.Contains("registered one", StringComparison.Ordinal), Patience);
        await using (var right = ProbeProgram.Start(_right, "--host", "right", "--register", "two", "6882", "--browse", Type))
        {
            var found = await right.WaitForAsync(Says("Found one"), Patience);
            Assert.Contains("left.local:6881", found, StringComparison.Ordinal);
            Assert.Contains("id=a", found, StringComparison.Ordinal);
            await left.WaitForAsync(Says("Found two"), Patience);
        }

        await left.WaitForAsync(Says("Lost two"), Patience);
    }

    [Theory]
    [InlineData("--v4", "10.77.0.1")]
    [InlineData("--v6", "fe80::")]
    public async Task OneFamily_Alone_IsEnough(string family, string address)
    {
        await ConnectAsync();
        await using var left = ProbeProgram.Start(_left, family, "--host", "left", "--register", "one", "6881");
        await using var right = ProbeProgram.Start(_right, family, "--host", "right", "--browse", Type);
        var found = await right.WaitForAsync(Says("Found one"), Patience);
        Assert.Contains($"[{address}", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interface_ThatComesLaterAndGoes_IsUsedMeanwhile()
    {
        await using var left = ProbeProgram.Start(_left, "--host", "left", "--register", "one", "6881");
        await using var right = ProbeProgram.Start(_right, "--host", "right", "--browse", Type);
        await left.WaitForAsync(line => line.Contains("registered", StringComparison.Ordinal), Patience);
        await right.WaitForAsync(line => line == "started", Patience);
        await ConnectAsync();
        await right.WaitForAsync(Says("Found one"), Patience);
        await _right.IpAsync("link", "delete", "right0");
        await right.WaitForAsync(Says("Lost one"), Patience);
        await ConnectAsync();
        await right.WaitForAsync(Says("Found one"), Patience);
    }

    [Fact]
    public async Task Address_AddedLater_IsReported()
    {
        await ConnectAsync();
        await using var left = ProbeProgram.Start(_left, "--host", "left", "--register", "one", "6881");
        await using var right = ProbeProgram.Start(_right, "--host", "right", "--browse", Type);
        await right.WaitForAsync(Says("Found one"), Patience);
        await _left.IpAsync("address", "add", "10.77.0.33/24", "dev", "left0");
        await right.WaitForAsync(
            line => Says("Updated one")(line) && line.Contains("10.77.0.33", StringComparison.Ordinal),
            Patience
        );
    }

    [Fact]
    public async Task Names_ClaimedTwice_AreRenamed()
    {
        await ConnectAsync();
        await using var left = ProbeProgram.Start(_left, "--host", "same", "--register", "one", "6881");
        await left.WaitForAsync(line => line.EndsWith("registered one", StringComparison.Ordinal), Patience);
        await using var right = ProbeProgram.Start(_right, "--host", "same", "--register", "one", "6882");
        await right.WaitForAsync(line => line.EndsWith("registered one (2)", StringComparison.Ordinal), Patience);
        await using var browser = ProbeProgram.Start(_left, "--host", "third", "--browse", Type);
        await browser.WaitForAsync(
            line => Says("Found one (2)")(line) && line.Contains("same-2.local:6882", StringComparison.Ordinal),
            Patience
        );
    }

    [Fact]
    public async Task TwoProcesses_OnOneMachine_ShareThePortAndFindEachOther()
    {
        await ConnectAsync();
        await using var first = ProbeProgram.Start(_left, "--host", "left", "--register", "one", "6881", "--browse", Type);
        await using var second = ProbeProgram.Start(_left, "--host", "left", "--register", "two", "6882", "--browse", Type);
        await first.WaitForAsync(Says("Found two"), Patience);
        await second.WaitForAsync(line => Says("Found one")(line), Patience);
    }

    [Fact]
    public async Task BadPackets_FromTheLink_StopNothing()
    {
        await ConnectAsync();
        await using var right = ProbeProgram.Start(_right, "--host", "right", "--browse", Type);
        await right.WaitForAsync(line => line == "started", Patience);
        await using (var noise = ProbeProgram.Start(_left, "--noise", "2000"))
            await noise.WaitForAsync(line => line == "noise sent", Patience);
        await using var left = ProbeProgram.Start(_left, "--host", "left", "--register", "one", "6881");
        await right.WaitForAsync(Says("Found one"), Patience);
    }

    private Task ConnectAsync() =>
        NetworkNamespace.ConnectAsync(_left, "left0", "10.77.0.1/24", _right, "right0", "10.77.0.2/24");

    private static Predicate<string> Says(string what) => line => line.Contains($" {what} ", StringComparison.Ordinal);
}
