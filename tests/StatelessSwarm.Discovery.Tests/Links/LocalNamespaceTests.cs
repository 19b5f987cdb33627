using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Discovery.Tests.Links;

/// <summary>Local service discovery between two machines: the probe program in network namespaces joined by a cable.
/// Needs root.</summary>
public sealed class LocalNamespaceTests : IAsyncLifetime
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

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

    [Theory]
    [InlineData("--v4", "10.78.0.")]
    [InlineData("--v6", "[fe80::")]
    public async Task TwoMachines_OneFamily_FindEachOther(string family, string address)
    {
        await ConnectAsync();
        await using var left = Start(_left, family, "--lsd", "1001", Hash);
        await using var right = Start(_right, family, "--lsd", "1002", Hash);
        var found = await right.WaitForAsync(Found(1001), Patience);
        Assert.Contains(address, found, StringComparison.Ordinal);
        await left.WaitForAsync(Found(1002), Patience);
    }

    [Fact]
    public async Task TwoProcesses_OnOneMachine_FindEachOther()
    {
        await ConnectAsync();
        await using var first = Start(_left, "--lsd", "1001", Hash);
        await using var second = Start(_left, "--lsd", "1002", Hash);
        await first.WaitForAsync(Found(1002), Patience);
        await second.WaitForAsync(Found(1001), Patience);
    }

    [Fact]
    public async Task Interface_ThatComesLaterAndGoes_IsUsedMeanwhile()
    {
        await using var left = Start(_left, "--lsd", "1001", Hash);
        await left.WaitForAsync(line => line == "started", Patience);
        await ConnectAsync();
        await using (var right = Start(_right, "--lsd", "1002", Hash))
        {
            await left.WaitForAsync(Found(1002), Patience);
            await right.WaitForAsync(Found(1001), Patience);
        }

        await _right.IpAsync("link", "delete", "right0");
        await ConnectAsync();
        await using var later = Start(_right, "--lsd", "1003", Hash);
        await left.WaitForAsync(Found(1003), Patience);
        await later.WaitForAsync(Found(1001), Patience);
    }

    private Task ConnectAsync() =>
        NetworkNamespace.ConnectAsync(_left, "left0", "10.78.0.1/24", _right, "right0", "10.78.0.2/24");

    private static LineProcess Start(NetworkNamespace where, params string[] arguments) => ProbeProgram.Start(where, arguments);

    private static Predicate<string> Found(int port) =>
        line => line.StartsWith($"found {Hash} ", StringComparison.Ordinal) && line.EndsWith($":{port}", StringComparison.Ordinal);
}
