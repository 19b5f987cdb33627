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
    /// Every interface the options allow that is up and has an address of the family; IPv6 needs a link-local one, from
    /// which multicasts are sent.
    /// </summary>
    /// <exception cref="NetworkInformationException">The system does not say.</exception>
    public static List<LinkInterface> Scan(MulticastDnsOptions options)
    {
        List<LinkInterface> found = [];
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                continue;
            var isLoopback = network.NetworkInterfaceType == NetworkInterfaceType.Loopback;
            var isWanted =
                options.Interfaces.Count == 0
                    ? !isLoopback && network.SupportsMulticast
                    : options.Interfaces.Contains(network.Name, StringComparer.Ordinal);
            if (isWanted)
                Add(found, network, isLoopback, options);
        }

        return found;
    }

    private static void Add(
        List<LinkInterface> found,
        NetworkInterface network,
        bool isLoopback,
        MulticastDnsOptions options
    )
    {
        var properties = network.GetIPProperties();
        var addresses = properties
            .UnicastAddresses.Where(own => IsAllowed(own.Address.AddressFamily, options))
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

    private static bool IsAllowed(AddressFamily family, MulticastDnsOptions options) =>
        family switch
        {
            AddressFamily.InterNetwork => options.UseIPv4,
            AddressFamily.InterNetworkV6 => options.UseIPv6,
            _ => false,
        };
}
