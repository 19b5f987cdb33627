using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Swarm.Networks;

/// <summary>
/// Tells neighbours from the rest of the world: an address is near when it lies in a network of one of this machine's own
/// interfaces, or in one that was configured as the site's. The interface list is read again after
/// <see cref="RefreshInterval"/>.
/// </summary>
internal sealed class NetworkScope(IReadOnlyList<IPNetwork> siteNetworks, TimeProvider time)
{
    /// <summary>How old the interface list may get: 10 s.</summary>
    public static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(10);

    private static readonly IPNetwork[] InsideNetworks =
    [
        new(new IPAddress([10, 0, 0, 0]), 8),
        new(new IPAddress([172, 16, 0, 0]), 12),
        new(new IPAddress([192, 168, 0, 0]), 16),
    ];

    // Global unicast, RFC 4291 2.4.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    private readonly Lock _gate = new();
    private IReadOnlyList<IPNetwork> _localNetworks = [];
    private long? _readAt;

    /// <summary>Near or far.</summary>
    public PeerReach Classify(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal)
            return PeerReach.Lan;
        foreach (var network in siteNetworks)
        {
            if (network.Contains(address))
                return PeerReach.Lan;
        }
        foreach (var network in LocalNetworks())
        {
            if (network.Contains(address))
                return PeerReach.Lan;
        }
        return PeerReach.Wan;
    }

    /// <summary>
    /// By their addresses the two ends of a connection may be in one site, though not in one network: both of private scope inside a
    /// site (RFC 1918, RFC 4193), or global IPv6 addresses of one site's prefix, 48 bits (RFC 6177). Not so shared address space
    /// (RFC 6598), which is the provider's, and never an address of the internet: who comes from there is a stranger whatever it says.
    /// </summary>
    /// <param name="local">Our end; null for an address we are not connected to: then any network of ours will do.</param>
    /// <param name="remote">The other end.</param>
    public bool MayShareSite(IPAddress? local, IPAddress remote)
    {
        if (remote.IsIPv4MappedToIPv6)
            remote = remote.MapToIPv4();
        if (local is { IsIPv4MappedToIPv6: true })
            local = local.MapToIPv4();
        if (local is not null)
            return MayBeTogether(local, remote);
        foreach (var network in LocalNetworks())
        {
            if (MayBeTogether(network.BaseAddress, remote))
                return true;
        }
        return false;
    }

    private static bool MayBeTogether(IPAddress local, IPAddress remote)
    {
        if (local.AddressFamily != remote.AddressFamily)
            return false;
        if (IsInside(local) || IsInside(remote))
            return IsInside(local) && IsInside(remote);
        return local.AddressFamily == AddressFamily.InterNetworkV6 && GlobalUnicast.Contains(remote) && HaveOnePrefix(local, remote);
    }

    /// <summary>Of private scope inside a site: RFC 1918, RFC 4193.</summary>
    internal static bool IsInside(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6UniqueLocal
            : Array.Exists(InsideNetworks, network => network.Contains(address));

    private static bool HaveOnePrefix(IPAddress local, IPAddress remote)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        return local.TryWriteBytes(left, out _) && remote.TryWriteBytes(right, out _) && left[..6].SequenceEqual(right[..6]);
    }

    private IReadOnlyList<IPNetwork> LocalNetworks()
    {
        lock (_gate)
        {
            if (_readAt is { } readAt && time.GetElapsedTime(readAt) < RefreshInterval)
                return _localNetworks;
            _readAt = time.GetTimestamp();
            _localNetworks = ReadLocalNetworks();
            return _localNetworks;
        }
    }

    private static List<IPNetwork> ReadLocalNetworks()
    {
        var networks = new List<IPNetwork>();
        NetworkInterface[] interfaces;
        try
        {
            interfaces = NetworkInterface.GetAllNetworkInterfaces();
        }
        catch (NetworkInformationException)
        {
            return networks;
        }
        foreach (var item in interfaces)
        {
            if (item.OperationalStatus == OperationalStatus.Down)
                continue;
            foreach (var unicast in item.GetIPProperties().UnicastAddresses)
            {
                var bits = unicast.Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
                // A host route (tunnel, point to point) says nothing about a local network.
                if (unicast.PrefixLength > 0 && unicast.PrefixLength < bits && !unicast.Address.IsIPv6LinkLocal)
                    networks.Add(Mask(unicast.Address, unicast.PrefixLength));
            }
        }
        return networks;
    }

    private static IPNetwork Mask(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefixLength - (8 * i), 0, 8);
            bytes[i] &= unchecked((byte)(0xff00 >> kept));
        }
        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }
}
