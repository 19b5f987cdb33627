using System.Buffers;
using MessagePack;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Identities;

/// <summary>
/// Keys that are put out of closed swarms. MessagePack, one encoding:
/// <code>
/// 0  format     1
/// 1  version    1 .. 2^63-1; a reader refuses less than it has seen
/// 2  issued     seconds since 1970 UTC
/// 3  keys       array of key ids, ascending, each once; at most <see cref="MaxKeys"/>
/// </code>
/// </summary>
public sealed record RevocationList
{
    /// <summary>Most keys: 8,192. When their certificates have ended they may be left out.</summary>
    public const int MaxKeys = 8192;

    /// <summary>Largest list accepted.</summary>
    public const int MaxBytes = 64 + MaxKeys * (Sha256Digest.Size + 2);

    private const int Format = 1;
    private const string What = "revocation list";

    /// <summary>Counts up by one with every change, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed, seconds since 1970 UTC.</summary>
    public required long IssuedUnixSeconds { get; init; }

    /// <summary>The keys, ascending, each once.</summary>
    public required IReadOnlyList<Sha256Digest> Keys { get; init; }

    /// <summary>The bytes that are signed.</summary>
    /// <exception cref="TrustException">A field is outside its range.</exception>
    public byte[] Encode()
    {
        Check();
        return EncodeUnchecked();
    }

    /// <summary>Reads a list; strict.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static RevocationList Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes}");
        var list = PackRead.Guard(What, () => Read(bytes));
        list.Check();
        return list.EncodeUnchecked().AsSpan().SequenceEqual(bytes.Span) ? list : throw Malformed("not in its one encoding");
    }

    private static RevocationList Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        PackRead.MapOf(ref reader, 4, Format, What);
        PackRead.Field(ref reader, 1, What);
        var version = reader.ReadInt64();
        PackRead.Field(ref reader, 2, What);
        var issued = reader.ReadInt64();
        PackRead.Field(ref reader, 3, What);
        var keys = new Sha256Digest[PackRead.Array(ref reader, MaxKeys, What)];
        for (var index = 0; index < keys.Length; index++)
            keys[index] = PackRead.Digest(ref reader, What);
        return new RevocationList
        {
            Version = version,
            IssuedUnixSeconds = issued,
            Keys = keys,
        };
    }

    private void Check()
    {
        if (Version < 1)
            throw Malformed("field 1: expected a version of at least 1");
        if (IssuedUnixSeconds is < 0 or > Roles.RootMetadata.MaxUnixSeconds)
            throw Malformed("field 2: expected a time from 1970 to 9999");
        if (Keys.Count > MaxKeys)
            throw Malformed($"field 3: expected at most {MaxKeys} keys");
        for (var index = 1; index < Keys.Count; index++)
        {
            if (Keys[index] <= Keys[index - 1])
                throw Malformed("field 3: expected key ids ascending, each once");
        }
    }

    private byte[] EncodeUnchecked()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(4);
        writer.Write(0);
        writer.Write(Format);
        writer.Write(1);
        writer.Write(Version);
        writer.Write(2);
        writer.Write(IssuedUnixSeconds);
        writer.Write(3);
        writer.WriteArrayHeader(Keys.Count);
        foreach (var key in Keys)
            writer.Write(key.AsSpan());
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"{What}: {what}.");
}
