using StatelessSwarm.Content;
using StatelessSwarm.Content.Packing;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>
/// The publisher's own bookkeeping, in the hidden file <c>.notes.mp</c> of the repository: not signed, not served, believed by no node. Which
/// releases are kept by hand, which are withdrawn, and which were deleted.
/// <para>Packed form (PackReader's strict MessagePack): 0 kind "stateless-notes/1"   1 pinned [digest]   2 withdrawn [{1 digest, 2 reason,
/// 3 time}]   3 pruned [{1 product, 2 version, 3 build, 4 digest}]</para>
/// </summary>
public sealed record RepositoryNotes
{
    /// <summary>Longest reason, in UTF-8 bytes.</summary>
    public const int MaxReasonBytes = 1000;

    internal const int MaxBytes = 16 * 1024 * 1024;
    internal const int MaxEntries = 65_536;
    // The last second of the year 9999.
    private const long MaxUnixSeconds = 253_402_300_799;

    private const string Kind = "stateless-notes/1";

    /// <summary>Releases that are never pruned, ascending.</summary>
    public IReadOnlyList<Sha256Digest> Pinned { get; init; } = [];

    /// <summary>Withdrawn releases, the newest last.</summary>
    public IReadOnlyList<WithdrawnRelease> Withdrawn { get; init; } = [];

    /// <summary>Deleted releases, the newest last.</summary>
    public IReadOnlyList<PrunedRelease> Pruned { get; init; } = [];

    /// <summary>How a release was withdrawn; null when it was not.</summary>
    public WithdrawnRelease? WithdrawalOf(Sha256Digest release) => Withdrawn.FirstOrDefault(entry => entry.Digest == release);

    internal byte[] Encode()
    {
        var writer = new PackWriter();
        writer.WriteMap(4);
        writer.WriteKey(0);
        writer.WriteText(Kind);
        writer.WriteKey(1);
        writer.WriteArray(Pinned.Count);
        foreach (var digest in Pinned)
            writer.WriteDigest(digest);
        writer.WriteKey(2);
        writer.WriteArray(Withdrawn.Count);
        foreach (var entry in Withdrawn)
        {
            writer.WriteMap(3);
            writer.WriteKey(1);
            writer.WriteDigest(entry.Digest);
            writer.WriteKey(2);
            writer.WriteText(entry.Reason);
            writer.WriteKey(3);
            writer.WriteInteger(entry.UnixSeconds);
        }
        writer.WriteKey(3);
        writer.WriteArray(Pruned.Count);
        foreach (var entry in Pruned)
        {
            writer.WriteMap(4);
            writer.WriteKey(1);
            writer.WriteText(entry.Product);
            writer.WriteKey(2);
            writer.WriteText(entry.Version);
            writer.WriteKey(3);
            writer.WriteInteger(entry.Build);
            writer.WriteKey(4);
            writer.WriteDigest(entry.Digest);
        }
        return writer.ToArray();
    }

    /// <exception cref="ContentException">Names the field and what was expected.</exception>
    internal static RepositoryNotes Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new PackReader(bytes, RepositoryLayout.Notes, MaxBytes);
        reader.BeginMap("top");
        reader.ReadKey(0, "kind");
        if (reader.ReadText("kind", 64) != Kind)
            throw reader.Bad("kind", $"'{Kind}'");
        reader.ReadKey(1, "pinned");
        var pinned = new Sha256Digest[reader.BeginArray("pinned", MaxEntries)];
        for (var index = 0; index < pinned.Length; index++)
            pinned[index] = reader.ReadDigest("pinned");
        reader.EndArray();
        reader.ReadKey(2, "withdrawn");
        var withdrawn = new WithdrawnRelease[reader.BeginArray("withdrawn", MaxEntries)];
        for (var index = 0; index < withdrawn.Length; index++)
            withdrawn[index] = ReadWithdrawn(ref reader);
        reader.EndArray();
        reader.ReadKey(3, "pruned");
        var pruned = new PrunedRelease[reader.BeginArray("pruned", MaxEntries)];
        for (var index = 0; index < pruned.Length; index++)
            pruned[index] = ReadPruned(ref reader);
        reader.EndArray();
        reader.EndMap("top");
        reader.Finish();
        return new RepositoryNotes { Pinned = pinned, Withdrawn = withdrawn, Pruned = pruned };
    }

    private static WithdrawnRelease ReadWithdrawn(ref PackReader reader)
    {
        reader.BeginMap("withdrawn release");
        reader.ReadKey(1, "digest");
        var digest = reader.ReadDigest("digest");
        reader.ReadKey(2, "reason");
        var reason = reader.ReadText("reason", MaxReasonBytes);
        reader.ReadKey(3, "time");
        var time = reader.ReadInteger("time", 0, MaxUnixSeconds);
        reader.EndMap("withdrawn release");
        return new WithdrawnRelease(digest, reason, time);
    }

    private static PrunedRelease ReadPruned(ref PackReader reader)
    {
        reader.BeginMap("pruned release");
        reader.ReadKey(1, "product");
        var product = reader.ReadText("product", 64);
        reader.ReadKey(2, "version");
        var version = reader.ReadText("version", 64);
        reader.ReadKey(3, "build");
        var build = reader.ReadInteger("build", 1, long.MaxValue);
        reader.ReadKey(4, "digest");
        var digest = reader.ReadDigest("digest");
        reader.EndMap("pruned release");
        return new PrunedRelease(product, version, build, digest);
    }
}
