using System.Globalization;
using System.Text;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>A read request (RFC 1350 section 5; options RFC 2347, block size RFC 2348, transfer size RFC 2349).</summary>
/// <param name="Name">File asked for.</param>
/// <param name="BlockSize">Bytes in a block; 512 unless another was asked for.</param>
/// <param name="Accepted">Options that were asked for and are taken, with the value to answer; empty for none.</param>
internal sealed record TftpRequest(string Name, int BlockSize, IReadOnlyDictionary<string, string> Accepted)
{
    private const int DefaultBlock = 512;

    /// <summary>Largest block: fits an Ethernet frame with IP and UDP heads, so nothing is fragmented.</summary>
    private const int MaxBlock = 1428;

    private const int MaxBytes = 512;

    /// <summary>Reads a request; null when it is none for reading in binary.</summary>
    /// <param name="packet">What came to port 69.</param>
    /// <param name="lengthOf">Length of a file, or null.</param>
    public static TftpRequest? TryRead(ReadOnlySpan<byte> packet, Func<string, long?> lengthOf)
    {
        if (packet.Length is < 4 or > MaxBytes || packet[0] != 0 || packet[1] != 1 || packet[^1] != 0)
            return null;
        var words = Encoding.Latin1.GetString(packet[2..^1]).Split('\0');
        if (words.Length < 2 || words.Length % 2 != 0 || !words[1].Equals("octet", StringComparison.OrdinalIgnoreCase))
            return null;
        var name = words[0].TrimStart('/');
        var block = DefaultBlock;
        var accepted = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var index = 2; index < words.Length; index += 2)
        {
            if (words[index].Equals("blksize", StringComparison.OrdinalIgnoreCase) && int.TryParse(words[index + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && wanted >= 8)
            {
                block = Math.Min(wanted, MaxBlock);
                accepted["blksize"] = block.ToString(CultureInfo.InvariantCulture);
            }
            else if (words[index].Equals("tsize", StringComparison.OrdinalIgnoreCase) && lengthOf(name) is { } length)
            {
                accepted["tsize"] = length.ToString(CultureInfo.InvariantCulture);
            }
        }
        return new TftpRequest(name, block, accepted);
    }
}
