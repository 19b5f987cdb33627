using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Discovery.Messages;

/// <summary>
/// Record data by type, names uncompressed. A: 4 bytes. AAAA: 16 bytes. PTR: a name. SRV (RFC 2782): priority, weight,
/// port (16 bits each, big-endian), target name. TXT (RFC 6763 6): strings of one length byte and 0-255 bytes, in all at
/// most 1300 bytes. NSEC (RFC 6762 6.1): the owner name, then window 0, bitmap length 1-32, bitmap.
/// </summary>
internal static class RecordData
{
    /// <summary>Bytes before the target name of a SRV record.</summary>
    public const int ServiceHeaderLength = 6;

    /// <summary>Longest TXT data we make or read (RFC 6763 6.2 recommends it), in bytes.</summary>
    public const int MaxTextLength = 1300;

    /// <summary>Most pairs read from one TXT record.</summary>
    public const int MaxTextPairs = 64;

    /// <summary>Data of an address record.</summary>
    public static byte[] Address(IPAddress address) => address.GetAddressBytes();

    /// <summary>Type of the record that holds an address.</summary>
    public static RecordType AddressType(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? RecordType.A : RecordType.Aaaa;

    /// <summary>Data of a pointer record.</summary>
    public static byte[] Pointer(DomainName target) => target.Wire.ToArray();

    /// <summary>Data of a service record; priority and weight are zero.</summary>
    public static byte[] Service(DomainName target, int port)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        var data = new byte[ServiceHeaderLength + target.Wire.Length];
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(4), (ushort)port);
        target.Wire.CopyTo(data.AsSpan(ServiceHeaderLength));
        return data;
    }

    /// <summary>Data of a text record; no pairs make one empty string.</summary>
    /// <exception cref="ArgumentException">A key is not printable ASCII without '=', or a pair or the whole is too long.</exception>
    public static byte[] Text(IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0)
            return [0];
        using var data = new MemoryStream();
        foreach (var (key, value) in pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0 || !key.All(c => c is >= ' ' and <= '~' and not '='))
                throw new ArgumentException(
                    $"text key '{key}' must be printable ASCII without '='",
                    nameof(pairs)
                );
            var bytes = Encoding.UTF8.GetBytes($"{key}={value}");
            if (bytes.Length > byte.MaxValue)
                throw new ArgumentException(
                    $"text pair '{key}' has {bytes.Length} bytes, expected at most {byte.MaxValue}",
                    nameof(pairs)
                );
            data.WriteByte((byte)bytes.Length);
            data.Write(bytes);
        }

        if (data.Length > MaxTextLength)
            throw new ArgumentException(
                $"text pairs have {data.Length} bytes, expected at most {MaxTextLength}",
                nameof(pairs)
            );
        return data.ToArray();
    }

    /// <summary>Data of the record that says which types, all below 256, exist at a name.</summary>
    public static byte[] Existence(DomainName owner, IEnumerable<RecordType> types)
    {
        Span<byte> bitmap = stackalloc byte[32];
        var length = 0;
        foreach (var type in types)
        {
            var number = (int)type;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(number, byte.MaxValue, nameof(types));
            bitmap[number / 8] |= (byte)(0x80 >> (number % 8));
            length = Math.Max(length, (number / 8) + 1);
        }

        return [.. owner.Wire, 0, (byte)length, .. bitmap[..length]];
    }

    /// <summary>Reads an address record; false for an address nobody could be called at.</summary>
    public static bool TryReadAddress(
        ResourceRecord record,
        long scopeId,
        bool allowsLoopback,
        out IPAddress address
    )
    {
        address = IPAddress.None;
        if (record.Type == RecordType.A && record.Data.Length == 4)
            address = new IPAddress(record.Data);
        else if (record.Type == RecordType.Aaaa && record.Data.Length == 16)
            address = new IPAddress(record.Data);
        else
            return false;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return record.Data[0] is not 0 and < 224 && (allowsLoopback || !IPAddress.IsLoopback(address));
        if (
            (!allowsLoopback && IPAddress.IsLoopback(address))
            || address.IsIPv6Multicast
            || address.IsIPv4MappedToIPv6
            || address.Equals(IPAddress.IPv6Any)
        )
            return false;
        if (address.IsIPv6LinkLocal)
            address = new IPAddress(record.Data, scopeId);
        return true;
    }

    /// <summary>Reads a pointer's target.</summary>
    public static DomainName ReadPointer(ResourceRecord record) => DomainName.FromWire(record.Data);

    /// <summary>Reads port and target of a service record.</summary>
    public static (int Port, DomainName Target) ReadService(ResourceRecord record) =>
        (BinaryPrimitives.ReadUInt16BigEndian(record.Data[4..]), DomainName.FromWire(record.Data[ServiceHeaderLength..]));

    /// <summary>
    /// Reads text pairs: the first of equal keys counts, keys compare without case, strings without a proper key are
    /// skipped (RFC 6763 6.4), a value that is not UTF-8 gets replacement characters.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ReadText(ResourceRecord record)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var rest = record.Data;
        while (!rest.IsEmpty && pairs.Count < MaxTextPairs)
        {
            var pair = rest.Slice(1, rest[0]);
            rest = rest[(1 + rest[0])..];
            var split = pair.IndexOf((byte)'=');
            var key = split < 0 ? pair : pair[..split];
            if (key.IsEmpty || key.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
                continue;
            var value = split < 0 ? "" : Encoding.UTF8.GetString(pair[(split + 1)..]);
            pairs.TryAdd(Encoding.ASCII.GetString(key), value);
        }

        return pairs;
    }

    /// <summary>Whether uncompressed data has the shape its type asks for; unknown types always do.</summary>
    public static bool IsWellFormed(RecordType type, ReadOnlySpan<byte> data) =>
        type switch
        {
            RecordType.A => data.Length == 4,
            RecordType.Aaaa => data.Length == 16,
            RecordType.Txt => IsWellFormedText(data),
            _ => true,
        };

    private static bool IsWellFormedText(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (data[0] >= data.Length)
                return false;
            data = data[(1 + data[0])..];
        }

        return true;
    }
}
