using System.Net;
using System.Net.Sockets;

namespace StatelessSwarm.Seed.Tracking;

/// <summary>Addresses that mean something inside one site only, as peers say them of themselves.</summary>
internal static class InsideAddress
{
    private const int LongestText = 64;

    private static readonly IPNetwork[] Networks =
    [
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("fc00::/7"),
    ];

    /// <summary>
    /// Reads an address, its colons percent-encoded or not. Null for anything but one of private scope (RFC 1918, RFC 4193): nobody gets
    /// peers sent to a host of the internet by it.
    /// </summary>
    public static IPAddress? TryRead(ReadOnlySpan<char> text)
    {
        if (text.Length > LongestText)
            return null;
        var plain = text.ToString().Replace("%3A", ":", StringComparison.OrdinalIgnoreCase);
        var isAddress =
            IPAddress.TryParse(plain, out var address)
            && (address.AddressFamily == AddressFamily.InterNetwork || address.ScopeId == 0);
        return isAddress && Array.Exists(Networks, network => network.Contains(address!)) ? address : null;
    }
}
