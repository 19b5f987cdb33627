using System.Buffers;
using MessagePack;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Roles;

/// <summary>
/// What is current, said for a short time by the time role, in the place of The Update Framework's snapshot and timestamp: who sees a statement
/// that is in time has nothing older than it kept from them. MessagePack, one encoding:
/// <code>
/// 0  format       1
/// 1  serial       1 .. 2^63-1; a reader refuses less than it has seen
/// 2  issued       seconds since 1970 UTC
/// 3  expires      likewise, after issued
/// 4  root         version of the root metadata
/// 5  revocations  version of the revocation list, 0 for none
/// 6  channels     array of [product, channel, serial], ascending by product and channel; at most <see cref="MaxChannels"/>
/// 7  delegations  array of [product, version], ascending by product; at most <see cref="MaxChannels"/>
/// </code>
/// </summary>
public sealed record TimeStatement
{
    /// <summary>Most channels: 1,024.</summary>
    public const int MaxChannels = 1024;

    /// <summary>Largest statement accepted.</summary>
    public const int MaxBytes = 64 + MaxChannels * (2 * 66 + 10) + MaxChannels * (66 + 10);

    private const int Format = 1;
    private const string What = "time statement";

    /// <summary>Counts up by one with every signing, from 1.</summary>
    public required long Serial { get; init; }

    /// <summary>When it was signed, seconds since 1970 UTC.</summary>
    public required long IssuedUnixSeconds { get; init; }

    /// <summary>When it stops being believed, seconds since 1970 UTC.</summary>
    public required long ExpiresUnixSeconds { get; init; }

    /// <summary>The newest root metadata's version.</summary>
    public required long RootVersion { get; init; }

    /// <summary>The newest revocation list's version, 0 while there is none.</summary>
    public required long RevocationVersion { get; init; }

    /// <summary>The channels and the serials of their pointers, ascending by product and channel.</summary>
    public required IReadOnlyList<(string Product, string Channel, long Serial)> Channels { get; init; }

    /// <summary>The products with a delegation and its version, ascending by product.</summary>
    public IReadOnlyList<(string Product, long Version)> Delegations { get; init; } = [];

    /// <summary>Serial of a channel's pointer, or null when the statement knows of no such channel.</summary>
    public long? SerialOf(string product, string channel)
    {
        foreach (var entry in Channels)
        {
            if (entry.Product == product && entry.Channel == channel)
                return entry.Serial;
        }
        return null;
    }

    /// <summary>The bytes that are signed.</summary>
    /// <exception cref="TrustException">A field is outside its range.</exception>
    public byte[] Encode()
    {
        Check();
        return EncodeUnchecked();
    }

    /// <summary>Reads a statement; strict.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static TimeStatement Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes}");
        var statement = PackRead.Guard(What, () => Read(bytes));
        statement.Check();
        return statement.EncodeUnchecked().AsSpan().SequenceEqual(bytes.Span) ? statement : throw Malformed("not in its one encoding");
    }

    private static TimeStatement Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        PackRead.MapOf(ref reader, 8, Format, What);
        var numbers = new long[5];
        for (var field = 1; field <= numbers.Length; field++)
        {
            PackRead.Field(ref reader, field, What);
            numbers[field - 1] = reader.ReadInt64();
        }
        PackRead.Field(ref reader, 6, What);
        var channels = new (string, string, long)[PackRead.Array(ref reader, MaxChannels, What)];
        for (var index = 0; index < channels.Length; index++)
        {
            PackRead.ArrayOf(ref reader, 3, What);
            channels[index] = (reader.ReadString() ?? "", reader.ReadString() ?? "", reader.ReadInt64());
        }
        PackRead.Field(ref reader, 7, What);
        var delegations = new (string, long)[PackRead.Array(ref reader, MaxChannels, What)];
        for (var index = 0; index < delegations.Length; index++)
        {
            PackRead.ArrayOf(ref reader, 2, What);
            delegations[index] = (reader.ReadString() ?? "", reader.ReadInt64());
        }
        return new TimeStatement
        {
            Serial = numbers[0],
            IssuedUnixSeconds = numbers[1],
            ExpiresUnixSeconds = numbers[2],
            RootVersion = numbers[3],
            RevocationVersion = numbers[4],
            Channels = channels,
            Delegations = delegations,
        };
    }

    private void Check()
    {
        if (Serial < 1 || RootVersion < 1 || RevocationVersion < 0)
            throw Malformed("fields 1, 4 and 5: expected counts");
        if (IssuedUnixSeconds is < 0 or > RootMetadata.MaxUnixSeconds)
            throw Malformed("field 2: expected a time from 1970 to 9999");
        if (ExpiresUnixSeconds <= IssuedUnixSeconds || ExpiresUnixSeconds > RootMetadata.MaxUnixSeconds)
            throw Malformed("field 3: expected a time after field 2 and not after 9999");
        if (Channels.Count > MaxChannels)
            throw Malformed($"field 6: expected at most {MaxChannels} channels");
        for (var index = 0; index < Channels.Count; index++)
        {
            var (product, channel, serial) = Channels[index];
            Names.RequireProduct(product);
            Names.RequireChannel(channel);
            if (serial < 1)
                throw Malformed($"field 6: {product}/{channel}: expected a serial of at least 1");
            if (index > 0 && Compare(Channels[index - 1], Channels[index]) >= 0)
                throw Malformed("field 6: expected channels ascending, each once");
        }
        CheckDelegations();
    }

    private void CheckDelegations()
    {
        if (Delegations.Count > MaxChannels)
            throw Malformed($"field 7: expected at most {MaxChannels} delegations");
        for (var index = 0; index < Delegations.Count; index++)
        {
            var (product, version) = Delegations[index];
            Names.RequireProduct(product);
            if (version < 1)
                throw Malformed($"field 7: {product}: expected a version of at least 1");
            if (index > 0 && string.CompareOrdinal(Delegations[index - 1].Product, product) >= 0)
                throw Malformed("field 7: expected products ascending, each once");
        }
    }

    internal static int Compare((string Product, string Channel, long Serial) one, (string Product, string Channel, long Serial) other) =>
        string.CompareOrdinal(one.Product, other.Product) is not 0 and var order ? order : string.CompareOrdinal(one.Channel, other.Channel);

    private byte[] EncodeUnchecked()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(8);
        writer.Write(0);
        writer.Write(Format);
        long[] numbers = [Serial, IssuedUnixSeconds, ExpiresUnixSeconds, RootVersion, RevocationVersion];
        for (var field = 1; field <= numbers.Length; field++)
        {
            writer.Write(field);
            writer.Write(numbers[field - 1]);
        }
        writer.Write(6);
        writer.WriteArrayHeader(Channels.Count);
        foreach (var (product, channel, serial) in Channels)
        {
            writer.WriteArrayHeader(3);
            writer.Write(product);
            writer.Write(channel);
            writer.Write(serial);
        }
        writer.Write(7);
        writer.WriteArrayHeader(Delegations.Count);
        foreach (var (product, version) in Delegations)
        {
            writer.WriteArrayHeader(2);
            writer.Write(product);
            writer.Write(version);
        }
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"{What}: {what}.");
}
