using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Buffers.Binary;

namespace StatelessSwarm.Node.Booting;

/// <summary>
/// A fixed address as the kernel's <c>ip=</c> parameter writes it (Documentation/admin-guide/nfs/nfsroot.rst):
/// <c>CLIENT:[SERVER]:[GATEWAY]:NETMASK:[HOSTNAME]:[DEVICE]:none</c>, IPv4. The mask may be a prefix length.
/// </summary>
/// <param name="Address">The machine's address.</param>
/// <param name="PrefixLength">Length of the network's prefix.</param>
/// <param name="Gateway">Default gateway, or null.</param>
/// <param name="Device">Interface, or null for the first with a carrier.</param>
public sealed record StaticAddress(IPAddress Address, int PrefixLength, IPAddress? Gateway, string? Device)
{
    /// <summary>Reads a fixed address; null for anything else.</summary>
    public static StaticAddress? TryParse(string text)
    {
        var fields = text.Split(':');
        if (fields.Length < 4 || !TryAddress(fields[0], out var address) || address is null || !TryPrefix(fields[3], out var prefix))
            return null;
        IPAddress? gateway = null;
        if (fields[2].Length > 0 && !TryAddress(fields[2], out gateway))
            return null;
        var device = fields.Length > 5 && fields[5].Length > 0 ? fields[5] : null;
        return device is null || device.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_')
            ? new StaticAddress(address, prefix, gateway, device)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{PrefixLength}");

    private static bool TryAddress(string text, out IPAddress? address) =>
        IPAddress.TryParse(text, out address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text;

    private static bool TryPrefix(string text, out int prefix)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out prefix))
            return prefix is > 0 and <= 32;
        if (!TryAddress(text, out var mask) || mask is null)
            return false;
        var bits = BinaryPrimitives.ReadUInt32BigEndian(mask.GetAddressBytes());
        prefix = BitOperations.LeadingZeroCount(~bits);
        return prefix > 0 && BitOperations.PopCount(bits) == prefix;
    }
}
