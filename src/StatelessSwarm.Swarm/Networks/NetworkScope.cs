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
