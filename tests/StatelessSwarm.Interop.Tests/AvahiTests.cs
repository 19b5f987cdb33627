using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests;

/// <summary>
/// Our multicast DNS and Avahi, each finding the other, on two machines (network namespaces joined by a cable) and on
/// one. Needs root, avahi-daemon, avahi-utils and dbus.
/// </summary>
public sealed class AvahiTests : IAsyncLifetime
{
    private const string Type = "_stateless._tcp";
    private const string ProbeName = "StatelessSwarm.Discovery.Probe";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private NetworkNamespace _ours = null!;
    private NetworkNamespace _theirs = null!;
    private AvahiDaemon _avahi = null!;

    public async ValueTask InitializeAsync()
    {
        _ours = await NetworkNamespace.CreateAsync();
        _theirs = await NetworkNamespace.CreateAsync();
        await NetworkNamespace.ConnectAsync(_ours, "ours0", "10.77.0.1/24", _theirs, "theirs0", "10.77.0.2/24");

        // Avahi gives a name up again if it is still probing for it on the slower of its two links.
        await _theirs.WaitForIPv6Async("theirs0");
        _avahi = await AvahiDaemon.StartAsync(_theirs, "avahi", "theirs0");
    }

    public async ValueTask DisposeAsync()
    {
        await _avahi.DisposeAsync();
        await _ours.DisposeAsync();
        await _theirs.DisposeAsync();
    }

    [Fact]
    public async Task AvahiBrowse_OurNode_IsListedWithPortAndTextAndGoesWithItsGoodbye()
    {
        await using var browse = _avahi.Browse(Type);
        await using (StartProbe(_ours, "--host", "node", "--register", "our node", "6881", "id=abc", "site=one"))
        {
            await browse.WaitForAsync(
                Resolved("our\\032node", "IPv4", ";node.local;", ";6881;", "\"id=abc\"", "\"site=one\""),
                Patience
            );
        }

        await browse.WaitForAsync(line => line.StartsWith("-;theirs0;", StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task AvahiBrowse_OurNodeOverIPv6_IsListed()
    {
        await using var browse = _avahi.Browse(Type);
        await using var node = StartProbe(_ours, "--v6", "--host", "node", "--register", "one", "6881", "id=abc");
        await browse.WaitForAsync(Resolved("one", "IPv6", ";node.local;fe80::", ";6881;\"id=abc\""), Patience);
    }

    [Fact]
    public async Task AvahiResolve_OurHostName_GivesOurAddress()
    {
        await using var node = StartProbe(_ours, "--host", "node", "--register", "one", "6881");
        await node.WaitForAsync(line => line.Contains("registered", StringComparison.Ordinal), Patience);
        Assert.EndsWith("10.77.0.1", await _avahi.ResolveAsync("node.local"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OurBrowser_ServiceOfAvahi_IsFoundAndLostWhenItsPublisherEnds()
    {
        await using var browser = StartProbe(_ours, "--host", "node", "--browse", Type);
        await using (await _avahi.PublishAsync("their node", Type, 1234, "id=xyz", "v=1"))
        {
            var found = await browser.WaitForAsync(Says("Found their node avahi.local:1234 "), Patience);
            Assert.Contains("id=xyz", found, StringComparison.Ordinal);
            Assert.Contains("v=1", found, StringComparison.Ordinal);
        }

        await browser.WaitForAsync(Says("Lost their node "), Patience);
    }

    [Fact]
    public async Task OurBrowser_ServiceAvahiPublishedEarlier_IsFound()
    {
        await using var publisher = await _avahi.PublishAsync("earlier", Type, 1234);
        await using var browser = StartProbe(_ours, "--host", "node", "--browse", Type);
        await browser.WaitForAsync(Says("Found earlier avahi.local:1234 "), Patience);
        // Avahi tells each family's address on that family only, so that one comes first.
        await WaitForWrittenAsync(browser, "10.77.0.2");
        await WaitForWrittenAsync(browser, "fe80::");
    }

    [Fact]
    public async Task OurNode_NamesAvahiHolds_TakesOthers()
    {
        await using var publisher = await _avahi.PublishAsync("same", Type, 1234);
        await using var node = StartProbe(_ours, "--host", "avahi", "--register", "same", "6881");
        await node.WaitForAsync(line => line.EndsWith("registered same (2)", StringComparison.Ordinal), Patience);
        await using var browse = _avahi.Browse(Type);
        await browse.WaitForAsync(Resolved("same\\032\\0402\\041", "IPv4", ";avahi-2.local;", ";6881;"), Patience);
    }

    [Fact]
    public async Task AvahiService_NameWeHold_TakesAnother()
    {
        await using var node = StartProbe(_ours, "--host", "node", "--register", "same", "6881", "--browse", Type);
        await node.WaitForAsync(line => line.EndsWith("registered same", StringComparison.Ordinal), Patience);
        await using var publisher = await _avahi.PublishAsync("same", Type, 1234);
        await node.WaitForAsync(Says("Found same #2 avahi.local:1234 "), Patience);
    }

    // Both share port 5353, the address and even the host name of one machine.
    [Fact]
    public async Task OneMachine_WithBoth_EachFindsTheOther()
    {
        await using var publisher = await _avahi.PublishAsync("theirs", Type, 1234);
        await using var node = StartProbe(_theirs, "--host", "avahi", "--register", "ours", "6881", "--browse", Type);
        await node.WaitForAsync(Says("Found theirs avahi.local:1234 "), Patience);
        await using var browse = _avahi.Browse(Type);
        await browse.WaitForAsync(Resolved("ours", "IPv4", ";avahi.local;", ";6881;"), Patience);
    }

    private static async Task WaitForWrittenAsync(LineProcess process, string text)
    {
        if (!process.Written.Contains(text, StringComparison.Ordinal))
            await process.WaitForAsync(line => line.Contains(text, StringComparison.Ordinal), Patience);
    }

    private static LineProcess StartProbe(NetworkNamespace where, params string[] arguments) =>
        where.Start(BuiltProgram.PathOf(ProbeName), arguments);

    // Which of the host's addresses Avahi shows is chance.
    private static Predicate<string> Resolved(string instance, string family, params string[] parts) =>
        line =>
            line.StartsWith($"=;theirs0;{family};{instance};{Type};local;", StringComparison.Ordinal)
            && Array.TrueForAll(parts, part => line.Contains(part, StringComparison.Ordinal));

    private static Predicate<string> Says(string what) => line => line.Contains($" {what}", StringComparison.Ordinal);
}
