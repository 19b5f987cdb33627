using System.Buffers;
using System.Globalization;
using MessagePack;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Roles;

/// <summary>
/// Who may say what: all keys, and for each role which of them hold it and how many must agree. Version 1 ships with the
/// machine; each next version is signed by a threshold of the root keys of the one before it and of its own. Immutable.
/// <para>Encoding, at most <see cref="MaxBytes"/> bytes: one MessagePack map with ascending integer keys, shortest forms, all
/// of them there and nothing else; a decoder refuses anything else.</para>
/// <code>
/// 0  format           1
/// 1  version          1 .. 2^63-1
/// 2  issued           seconds since 1970 UTC, 0 .. <see cref="MaxUnixSeconds"/>
/// 3  expires          likewise, after issued
/// 4  keys             array of [algorithm 1, 32 bytes], ascending by id, each once; 1 .. <see cref="MaxKeys"/>
/// 5  roles            map role number -> [threshold, [key id, ...]], ascending; 1, 2 and 3 always, 4 and 5 may be missing
/// </code>
/// </summary>
public sealed partial record RootMetadata
{
    /// <summary>Largest root metadata accepted: 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Most keys in root metadata.</summary>
    public const int MaxKeys = 64;

    /// <summary>Latest time stamp accepted: the end of the year 9999.</summary>
    public const long MaxUnixSeconds = 253_402_300_799;

    private const int Format = 1;
    private const int FieldCount = 6;

    /// <summary>Counts up by one with every change, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed, seconds since 1970 UTC.</summary>
    public required long IssuedUnixSeconds { get; init; }

    /// <summary>When it stops being believed for new installs, seconds since 1970 UTC.</summary>
    public required long ExpiresUnixSeconds { get; init; }

    /// <summary>All keys, ascending by id, each once.</summary>
    public required IReadOnlyList<PublicKey> Keys { get; init; }

    /// <summary>The roles; <see cref="MetadataRole.Time"/> and <see cref="MetadataRole.Identity"/> may be missing.</summary>
    public required IReadOnlyDictionary<MetadataRole, RoleKeys> Roles { get; init; }

    /// <summary>Root metadata in which every key holds the roles root, release and channel.</summary>
    /// <param name="version">Version.</param>
    /// <param name="keys">The keys, in any order; one that is there twice counts once.</param>
    /// <param name="threshold">Threshold of every role.</param>
    /// <param name="issued">When it is signed.</param>
    /// <param name="lifetime">How long it is believed.</param>
    public static RootMetadata SameKeys(
        long version,
        IEnumerable<PublicKey> keys,
        int threshold,
        DateTimeOffset issued,
        TimeSpan lifetime
    )
    {
        PublicKey[] ordered = [.. keys.DistinctBy(key => key.Id).OrderBy(key => key.Id)];
        var holders = new RoleKeys(threshold, [.. ordered.Select(key => key.Id)]);
        return new RootMetadata
        {
            Version = version,
            IssuedUnixSeconds = issued.ToUnixTimeSeconds(),
            ExpiresUnixSeconds = (issued + lifetime).ToUnixTimeSeconds(),
            Keys = ordered,
            Roles = new Dictionary<MetadataRole, RoleKeys>
            {
                [MetadataRole.Root] = holders,
                [MetadataRole.Release] = holders,
                [MetadataRole.Channel] = holders,
            },
        };
    }

    /// <summary>Who holds a role, or null for nobody. Without holders of its own <see cref="MetadataRole.Identity"/> is held with the channel role; <see cref="MetadataRole.Delegation"/> always with the release role.</summary>
    public RoleKeys? HoldersOf(MetadataRole role) =>
        Roles.GetValueOrDefault(role)
        ?? role switch
        {
            MetadataRole.Identity => Roles.GetValueOrDefault(MetadataRole.Channel),
            MetadataRole.Delegation => Roles.GetValueOrDefault(MetadataRole.Release),
            _ => null,
        };

    /// <summary>The key of an id, or null.</summary>
    public PublicKey? FindKey(Sha256Digest id) => Keys.FirstOrDefault(key => key.Id == id);

    /// <summary>The bytes that are signed.</summary>
    /// <exception cref="TrustException">A field is outside its range (Malformed).</exception>
    public byte[] Encode()
    {
        Check();
        var bytes = EncodeUnchecked();
        if (bytes.Length > MaxBytes)
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes}");
        return bytes;
    }

    /// <summary>Reads root metadata; strict.</summary>
    /// <exception cref="TrustException">Malformed; names the field and what was expected.</exception>
    public static RootMetadata Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes}");
        var root = PackRead.Guard("root metadata", () => Read(bytes));
        root.Check();
        if (!root.EncodeUnchecked().AsSpan().SequenceEqual(bytes.Span))
            throw Malformed("not in its one encoding: longer forms than needed, or bytes after the end");
        return root;
    }

    private static RootMetadata Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        var count = reader.ReadMapHeader();
        if (count != FieldCount)
            throw Malformed($"expected a map of {FieldCount}, not of {count}");
        PackRead.Field(ref reader, 0, "root metadata");
        if (reader.ReadInt32() != Format)
            throw Malformed($"field 0: expected format {Format}");
        PackRead.Field(ref reader, 1, "root metadata");
        var version = reader.ReadInt64();
        PackRead.Field(ref reader, 2, "root metadata");
        var issued = reader.ReadInt64();
        PackRead.Field(ref reader, 3, "root metadata");
        var expires = reader.ReadInt64();
        PackRead.Field(ref reader, 4, "root metadata");
        var keys = new PublicKey[PackRead.Array(ref reader, MaxKeys, "root metadata field 4")];
        for (var index = 0; index < keys.Length; index++)
            keys[index] = ReadKey(ref reader);
        PackRead.Field(ref reader, 5, "root metadata");
        var roles = ReadRoles(ref reader);
        return new RootMetadata
        {
            Version = version,
            IssuedUnixSeconds = issued,
            ExpiresUnixSeconds = expires,
            Keys = keys,
            Roles = roles,
        };
    }

    private static PublicKey ReadKey(ref MessagePackReader reader)
    {
        PackRead.ArrayOf(ref reader, 2, "root metadata field 4");
        if (reader.ReadInt32() != PublicKey.AlgorithmEd25519)
            throw Malformed($"field 4: expected algorithm {PublicKey.AlgorithmEd25519}");
        var bytes = PackRead.BinaryOf(ref reader, PublicKey.Size, "root metadata field 4");
        return PublicKey.TryCreate(bytes.Span, out var key)
            ? key
            : throw Malformed("field 4: not a canonical Ed25519 point of the prime-order subgroup");
    }

    private static Dictionary<MetadataRole, RoleKeys> ReadRoles(ref MessagePackReader reader)
    {
        var roleCount = reader.ReadMapHeader();
        if (roleCount is < 3 or > 5)
            throw Malformed($"field 5: expected 3 to 5 roles, not {roleCount}");
        var roles = new Dictionary<MetadataRole, RoleKeys>();
        for (var index = 0; index < roleCount; index++)
        {
            var role = reader.ReadInt32();
            PackRead.ArrayOf(ref reader, 2, "root metadata field 5");
            var threshold = reader.ReadInt32();
            var ids = new Sha256Digest[PackRead.Array(ref reader, MaxKeys, "root metadata field 5")];
            for (var key = 0; key < ids.Length; key++)
                ids[key] = PackRead.Digest(ref reader, "root metadata field 5");
            if (!roles.TryAdd((MetadataRole)role, new RoleKeys(threshold, ids)))
                throw Malformed($"field 5: role {role} is there twice");
        }
        return roles;
    }

    private void Check()
    {
        if (Version < 1)
            throw Malformed("field 1: expected a version of at least 1");
        if (IssuedUnixSeconds is < 0 or > MaxUnixSeconds)
            throw Malformed("field 2: expected a time from 1970 to 9999");
        if (ExpiresUnixSeconds is < 0 or > MaxUnixSeconds || ExpiresUnixSeconds <= IssuedUnixSeconds)
            throw Malformed("field 3: expected a time after field 2 and not after 9999");
        if (Keys.Count is 0 or > MaxKeys)
            throw Malformed($"field 4: expected 1 to {MaxKeys} keys, not {Keys.Count}");
        CheckAscending([.. Keys.Select(key => key.Id)], "field 4");
        foreach (var required in (ReadOnlySpan<MetadataRole>)[MetadataRole.Root, MetadataRole.Release, MetadataRole.Channel])
        {
            if (!Roles.ContainsKey(required))
                throw Malformed($"field 5: role {(int)required} is missing");
        }
        foreach (var (role, holders) in Roles)
            CheckRole(role, holders);
    }

    private void CheckRole(MetadataRole role, RoleKeys holders)
    {
        var number = ((int)role).ToString(CultureInfo.InvariantCulture);
        if (role is < MetadataRole.Root or > MetadataRole.Identity)
            throw Malformed($"field 5: unknown role {number}");
        if (holders.Threshold < 1 || holders.Threshold > holders.KeyIds.Count)
            throw Malformed($"field 5: role {number}: expected a threshold from 1 to its {holders.KeyIds.Count} keys, not {holders.Threshold}");
        CheckAscending(holders.KeyIds, $"field 5: role {number}");
        foreach (var id in holders.KeyIds)
        {
            if (FindKey(id) is null)
                throw Malformed($"field 5: role {number}: key {id} is not in field 4");
        }
    }

    private static void CheckAscending(IReadOnlyList<Sha256Digest> ids, string where)
    {
        for (var index = 1; index < ids.Count; index++)
        {
            if (ids[index] <= ids[index - 1])
                throw Malformed($"{where}: expected key ids ascending, each once");
        }
    }

    private byte[] EncodeUnchecked()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(FieldCount);
        writer.Write(0);
        writer.Write(Format);
        writer.Write(1);
        writer.Write(Version);
        writer.Write(2);
        writer.Write(IssuedUnixSeconds);
        writer.Write(3);
        writer.Write(ExpiresUnixSeconds);
        writer.Write(4);
        writer.WriteArrayHeader(Keys.Count);
        foreach (var key in Keys)
        {
            writer.WriteArrayHeader(2);
            writer.Write(PublicKey.AlgorithmEd25519);
            writer.Write(key.Bytes.Span);
        }
        writer.Write(5);
        writer.WriteMapHeader(Roles.Count);
        foreach (var (role, holders) in Roles.OrderBy(entry => entry.Key))
        {
            writer.Write((int)role);
            writer.WriteArrayHeader(2);
            writer.Write(holders.Threshold);
            writer.WriteArrayHeader(holders.KeyIds.Count);
            foreach (var id in holders.KeyIds)
                writer.Write(id.AsSpan());
        }
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"root metadata: {what}.");
}
