using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>
/// A DHCPv4 message (RFC 2131, options RFC 2132), as far as network boot needs it.
/// <code>
/// op u8 · htype u8 · hlen u8 · hops u8 · xid u32 · secs u16 · flags u16 · ciaddr · yiaddr · siaddr · giaddr (4 each)
/// chaddr 16 · sname 64 · file 128 · magic 63 82 53 63 · options: code u8, length u8, bytes; 0 pads, 255 ends
/// </code>
/// </summary>
internal sealed record DhcpMessage
{
    /// <summary>Largest message read: one Ethernet frame.</summary>
    public const int MaxBytes = 1500;

    private const int FixedBytes = 236;
    private const int FileAt = 108;
    private const int FileBytes = 128;
    private const int HardwareAt = 28;
    private const uint Magic = 0x63825363;
    private const byte EndOption = 255;

    /// <summary>BOOTP replies are at least so long; some clients refuse shorter ones.</summary>
    private const int LeastBytes = 300;

    /// <summary>1 from a client, 2 from a server.</summary>
    public required byte Operation { get; init; }

    /// <summary>The client's number of the exchange.</summary>
    public required uint Transaction { get; init; }

    /// <summary>Flags; the highest bit asks for a broadcast answer.</summary>
    public ushort Flags { get; init; }

    /// <summary>The client's own address, when it has one.</summary>
    public IPAddress ClientAddress { get; init; } = IPAddress.Any;

    /// <summary>Server to load from.</summary>
    public IPAddress NextServer { get; init; } = IPAddress.Any;

    /// <summary>Relay that handed the message on.</summary>
    public IPAddress Relay { get; init; } = IPAddress.Any;

    /// <summary>Hardware type, length and address, 18 bytes as they stand.</summary>
    public required ReadOnlyMemory<byte> Hardware { get; init; }

    /// <summary>File to load; at most 127 ASCII characters.</summary>
    public string File { get; init; } = "";

    /// <summary>Options, each once; parts of one option are joined (RFC 3396).</summary>
    public required IReadOnlyDictionary<byte, byte[]> Options { get; init; }

    /// <summary>Reads a message; null when it is none.</summary>
    public static DhcpMessage? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < FixedBytes + 4 or > MaxBytes || bytes[2] > 16 || BinaryPrimitives.ReadUInt32BigEndian(bytes[FixedBytes..]) != Magic)
            return null;
        if (TryReadOptions(bytes[(FixedBytes + 4)..]) is not { } options)
            return null;
        byte[] hardware = [bytes[1], bytes[2], .. bytes.Slice(HardwareAt, 16)];
        return new DhcpMessage
        {
            Operation = bytes[0],
            Transaction = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Flags = BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]),
            ClientAddress = new IPAddress(bytes.Slice(12, 4)),
            NextServer = new IPAddress(bytes.Slice(20, 4)),
            Relay = new IPAddress(bytes.Slice(24, 4)),
            Hardware = hardware,
            File = Text(bytes.Slice(FileAt, FileBytes)),
            Options = options,
        };
    }

    /// <summary>The message's bytes.</summary>
    /// <exception cref="ArgumentException">The file's name or an option is too long.</exception>
    public byte[] Encode()
    {
        var file = Encoding.ASCII.GetBytes(File);
        if (file.Length >= FileBytes)
            throw new ArgumentException($"a boot file of {file.Length} bytes, at most {FileBytes - 1} fit: {File}");
        using var buffer = new MemoryStream();
        var head = new byte[FixedBytes + 4];
        head[0] = Operation;
        Hardware.Span[..2].CopyTo(head.AsSpan(1));
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), Transaction);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(10), Flags);
        ClientAddress.TryWriteBytes(head.AsSpan(12), out _);
        NextServer.TryWriteBytes(head.AsSpan(20), out _);
        Relay.TryWriteBytes(head.AsSpan(24), out _);
        Hardware.Span[2..].CopyTo(head.AsSpan(HardwareAt));
        file.CopyTo(head, FileAt);
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(FixedBytes), Magic);
        buffer.Write(head);
        foreach (var (code, value) in Options.OrderBy(option => option.Key))
        {
            if (value.Length > byte.MaxValue)
                throw new ArgumentException($"option {code} of {value.Length} bytes, at most {byte.MaxValue} fit");
            buffer.WriteByte(code);
            buffer.WriteByte((byte)value.Length);
            buffer.Write(value);
        }
        buffer.WriteByte(EndOption);
        while (buffer.Length < LeastBytes)
            buffer.WriteByte(0);
        return buffer.ToArray();
    }

    private static Dictionary<byte, byte[]>? TryReadOptions(ReadOnlySpan<byte> bytes)
    {
        var options = new Dictionary<byte, byte[]>();
        for (var at = 0; at < bytes.Length && bytes[at] != EndOption; )
        {
            var code = bytes[at++];
            if (code == 0)
                continue;
            if (at == bytes.Length || bytes[at] > bytes.Length - at - 1)
                return null;
            var value = bytes.Slice(at + 1, bytes[at]).ToArray();
            at += 1 + value.Length;
            options[code] = options.TryGetValue(code, out var before) ? [.. before, .. value] : value;
        }
        return options;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
