using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Links;

/// <summary>A usable interface as the system shows it now.</summary>
/// <param name="Key">Index and family.</param>
/// <param name="Name">Its name.</param>
/// <param name="Network">Its addresses.</param>
internal sealed record LinkInterface(LinkKey Key, string Name, LinkNetwork Network)
{
    /// <summary>
    /// Every interface the filter allows that is up and has an address of the family; IPv6 needs a link-local one, from
    /// which multicasts are sent.
    /// </summary>
    /// <exception cref="NetworkInformationException">The system does not say.</exception>
    public static List<LinkInterface> Scan(LinkFilter filter)
    {
        List<LinkInterface> found = [];
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                continue;
            var isLoopback = network.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            var isWanted =
                filter.Interfaces.Count == 0
                    ? !isLoopback && network.SupportsMulticast
                    : filter.Interfaces.Contains(network.Name, StringComparer.Ordinal);
            if (isWanted)
                Add(found, network, isLoopback, filter);
        }

        return found;
    }

    private static void Add(
        List<LinkInterface> found,
        NetworkInterface network,
        bool isLoopback,
        LinkFilter filter
    )
    {
        var properties = network.GetIPProperties();
        var addresses = properties
            .UnicastAddresses.Where(own => IsAllowed(own.Address, filter))
            .Select(own => new LinkAddress(new IPAddress(own.Address.GetAddressBytes()), own.PrefixLength))
            .Distinct()
            .OrderBy(own => own.Address.AddressFamily)
            .ThenBy(own => Convert.ToHexString(own.Address.GetAddressBytes()), StringComparer.Ordinal)
            .ToList();
        var described = new LinkNetwork(addresses, isLoopback);
        if (addresses.Exists(own => own.Address.AddressFamily == AddressFamily.InterNetwork))
            found.Add(
                new LinkInterface(
                    new LinkKey(properties.GetIPv4Properties().Index, AddressFamily.InterNetwork),
                    network.Name,
                    described
                )
            );
        if (addresses.Exists(own => own.Address.IsIPv6LinkLocal))
            found.Add(
                new LinkInterface(
                    new LinkKey(properties.GetIPv6Properties().Index, AddressFamily.InterNetworkV6),
                    network.Name,
                    described
                )
            );
    }

    private static bool IsAllowed(IPAddress address, LinkFilter filter)
    {
        var isFamilyUsed = address.AddressFamily switch
        {
            AddressFamily.InterNetwork => filter.UseIPv4,
            AddressFamily.InterNetworkV6 => filter.UseIPv6,
            _ => false,
        };
        return isFamilyUsed && (filter.Addresses.Count == 0 || filter.Addresses.Contains(new IPAddress(address.GetAddressBytes())));
    }
}
