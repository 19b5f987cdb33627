using System.Globalization;
using System.Net;

namespace StatelessSwarm.Testing.Networks;

/// <summary>
/// One LAN of network namespaces: hosts on a switch (a bridge in a namespace of its own), 10.77.0.1/24 and up, with no way out.
/// </summary>
public sealed class LocalNetwork : IAsyncDisposable
{
    private const int MaxHosts = 250;

    private readonly NetworkNamespace _switch;
    private readonly List<NetworkNamespace> _hosts = [];

    private LocalNetwork(NetworkNamespace bridge)
    {
        _switch = bridge;
    }

    /// <summary>Makes one without hosts.</summary>
    /// <exception cref="InvalidOperationException">Not root, or <c>ip</c> failed.</exception>
    public static async Task<LocalNetwork> CreateAsync()
    {
        var made = new LocalNetwork(await NetworkNamespace.CreateAsync());
        try
        {
            await made._switch.IpAsync("link", "add", "bridge", "type", "bridge");
            await made._switch.IpAsync("link", "set", "bridge", "up");
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a host, which goes with the LAN.</summary>
    public async Task<(NetworkNamespace Host, IPAddress Address)> AddHostAsync()
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(_hosts.Count, MaxHosts);
        var host = await NetworkNamespace.CreateAsync();
        _hosts.Add(host);
        var port = string.Create(CultureInfo.InvariantCulture, $"port{_hosts.Count}");
        var address = string.Create(CultureInfo.InvariantCulture, $"10.77.0.{_hosts.Count}");
        await host.IpAsync("link", "add", "lan", "type", "veth", "peer", "name", port, "netns", _switch.Name);
        await _switch.IpAsync("link", "set", port, "master", "bridge", "up");
        await host.IpAsync("address", "add", $"{address}/24", "dev", "lan");
        await host.IpAsync("link", "set", "lan", "up");
        return (host, IPAddress.Parse(address));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _switch.DisposeAsync();
    }
}
