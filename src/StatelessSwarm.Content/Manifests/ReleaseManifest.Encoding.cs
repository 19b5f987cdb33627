using StatelessSwarm.Content.Packing;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Content.Manifests;

// Packed form (PackReader's strict MessagePack), keys frozen:
//   0 kind "stateless-release/1"   1 product   2 version   3 build   4 created   5 image format
//   6 verity {1 root hash, 2 salt}   7 torrent hash   8 files [{1 role, 2 name, 3 length, 4 sha256, 5 pieces root}]
//   9 chunk map {1 length, 2 sha256, 3 torrent hash}
// The kind keeps a signature over a manifest from ever standing for another sort of document.
public sealed partial record ReleaseManifest
{
    /// <summary>First field of an encoded manifest.</summary>
    public const string Kind = "stateless-release/1";

    /// <summary>Most files in a release: one of each role.</summary>
    public const int MaxFiles = 16;

    /// <summary>Longest salt of the verity tree.</summary>
    public const int MaxSaltBytes = 256;

    private const string Input = "manifest";

    /// <summary>Last second of the year 9999.</summary>
    internal const long MaxUnixSeconds = 253_402_300_799;

    /// <summary>The bytes that are signed and hashed.</summary>
    /// <exception cref="ContentException">A field is outside its range.</exception>
    public byte[] Encode()
    {
        Check();
        var writer = new PackWriter();
        writer.WriteMap(10);
        writer.WriteKey(0);
        writer.WriteText(Kind);
        writer.WriteKey(1);
        writer.WriteText(Product);
        writer.WriteKey(2);
        writer.WriteText(Version);
        writer.WriteKey(3);
        writer.WriteInteger(Build);
        writer.WriteKey(4);
        writer.WriteInteger(CreatedUnixSeconds);
        writer.WriteKey(5);
        writer.WriteInteger((int)Format);
        writer.WriteKey(6);
        writer.WriteMap(2);
        writer.WriteKey(1);
        writer.WriteDigest(Verity.RootHash);
        writer.WriteKey(2);
        writer.WriteBinary(Verity.Salt.Span);
        writer.WriteKey(7);
        writer.WriteDigest(TorrentHash);
        writer.WriteKey(8);
        writer.WriteArray(Files.Count);
        foreach (var file in Files)
        {
            writer.WriteMap(5);
            writer.WriteKey(1);
            writer.WriteInteger((int)file.Role);
            writer.WriteKey(2);
            writer.WriteText(file.Name);
            writer.WriteKey(3);
            writer.WriteInteger(file.Length);
            writer.WriteKey(4);
            writer.WriteDigest(file.Sha256);
            writer.WriteKey(5);
            writer.WriteDigest(file.PiecesRoot);
        }
        writer.WriteKey(9);
        writer.WriteMap(3);
        writer.WriteKey(1);
        writer.WriteInteger(ChunkMap.Length);
        writer.WriteKey(2);
        writer.WriteDigest(ChunkMap.Sha256);
        writer.WriteKey(3);
        writer.WriteDigest(ChunkMap.TorrentHash);
        return writer.ToArray();
    }

    /// <summary>Reads a manifest; strict.</summary>
    /// <exception cref="ContentException">Names the field and what was expected.</exception>
    public static ReleaseManifest Decode(ReadOnlyMemory<byte> bytes)
    {
        var reader = new PackReader(bytes, Input, MaxBytes);
        reader.BeginMap("top");
        reader.ReadKey(0, "kind");
        if (reader.ReadText("kind", 64) != Kind)
            throw reader.Bad("kind", $"'{Kind}'");
        reader.ReadKey(1, "product");
        var product = reader.ReadText("product", ManifestText.MaxNameLength);
        reader.ReadKey(2, "version");
        var version = reader.ReadText("version", ManifestText.MaxNameLength);
        reader.ReadKey(3, "build");
        var build = reader.ReadInteger("build", 1, long.MaxValue);
        reader.ReadKey(4, "created");
        var created = reader.ReadInteger("created", 0, MaxUnixSeconds);
        reader.ReadKey(5, "format");
        var format = (ImageFormat)reader.ReadInteger("format", 1, 2);
        reader.ReadKey(6, "verity");
        reader.BeginMap("verity");
        reader.ReadKey(1, "verity root");
        var verityRoot = reader.ReadDigest("verity root");
        reader.ReadKey(2, "verity salt");
        var salt = reader.ReadBinary("verity salt", 0, MaxSaltBytes).ToArray();
        reader.EndMap("verity");
        reader.ReadKey(7, "torrent hash");
        var torrentHash = reader.ReadDigest("torrent hash");
        reader.ReadKey(8, "files");
        var files = new ReleaseFile[reader.BeginArray("files", MaxFiles)];
        for (var i = 0; i < files.Length; i++)
            files[i] = ReadFile(ref reader);
        reader.EndArray();
        reader.ReadKey(9, "chunk map");
        var chunkMap = ReadChunkMap(ref reader);
        reader.EndMap("top");
        reader.Finish();
        var manifest = new ReleaseManifest
        {
            Product = product,
            Version = version,
            Build = build,
            CreatedUnixSeconds = created,
            Format = format,
            Verity = new VerityParameters(verityRoot, salt),
            TorrentHash = torrentHash,
            Files = files,
            ChunkMap = chunkMap,
        };
        manifest.Check();
        return manifest;
    }

    private static ReleaseChunkMap ReadChunkMap(ref PackReader reader)
    {
        reader.BeginMap("chunk map");
        reader.ReadKey(1, "chunk map length");
        var length = reader.ReadInteger("chunk map length", 1, Chunks.ChunkMap.MaxBytes);
        reader.ReadKey(2, "chunk map sha256");
        var sha256 = reader.ReadDigest("chunk map sha256");
        reader.ReadKey(3, "chunk map torrent hash");
        var torrentHash = reader.ReadDigest("chunk map torrent hash");
        reader.EndMap("chunk map");
        return new ReleaseChunkMap(length, sha256, torrentHash);
    }

    private static ReleaseFile ReadFile(ref PackReader reader)
    {
        reader.BeginMap("file");
        reader.ReadKey(1, "file role");
        var role = (ReleaseFileRole)reader.ReadInteger("file role", 1, 3);
        reader.ReadKey(2, "file name");
        var name = reader.ReadText("file name", ManifestText.MaxFileNameLength);
        reader.ReadKey(3, "file length");
        var length = reader.ReadInteger("file length", 1, TorrentInfo.MaxContentBytes);
        reader.ReadKey(4, "file sha256");
        var sha256 = reader.ReadDigest("file sha256");
        reader.ReadKey(5, "file pieces root");
        var piecesRoot = reader.ReadDigest("file pieces root");
        reader.EndMap("file");
        return new ReleaseFile(role, name, length, sha256, piecesRoot);
    }

    private void Check()
    {
        Require(ManifestText.IsName(Product), "product", "1-64 of a-z 0-9 . _ -, a letter or digit first");
        Require(ManifestText.IsVersion(Version), "version", "1-64 of A-Z a-z 0-9 . + ~ _ -");
        Require(Build >= 1, "build", "at least 1");
        Require(CreatedUnixSeconds is >= 0 and <= MaxUnixSeconds, "created", "seconds since 1970, before the year 10000");
        Require(Format is ImageFormat.SquashFs or ImageFormat.Erofs, "format", "1 (SquashFS) or 2 (EROFS)");
        Require(Verity.Salt.Length <= MaxSaltBytes, "verity salt", $"at most {MaxSaltBytes} bytes");
        Require(!Verity.RootHash.IsZero, "verity root", "a digest, not zeros");
        Require(!TorrentHash.IsZero, "torrent hash", "a digest, not zeros");
        Require(Files.Count is > 0 and <= MaxFiles, "files", $"1 to {MaxFiles} files");
        var roles = 0;
        for (var i = 0; i < Files.Count; i++)
        {
            var file = Files[i];
            Require(ManifestText.IsFileName(file.Name), "file name", "1-128 of A-Z a-z 0-9 . + ~ _ -, a letter or digit first");
            Require(
                i == 0 || string.CompareOrdinal(Files[i - 1].Name, file.Name) < 0,
                "files",
                "files ascending by name, each once"
            );
            Require(Enum.IsDefined(file.Role) && (roles & 1 << (int)file.Role) == 0, "file role", "every role at most once");
            Require(file.Length is >= 1 and <= TorrentInfo.MaxContentBytes, "file length", "1 byte to 16 TiB");
            Require(!file.Sha256.IsZero && !file.PiecesRoot.IsZero, "file digest", "digests, not zeros");
            roles |= 1 << (int)file.Role;
        }
        Require(ChunkMap.Length is >= 1 and <= Chunks.ChunkMap.MaxBytes, "chunk map length", $"1 to {Chunks.ChunkMap.MaxBytes}");
        Require(!ChunkMap.Sha256.IsZero && !ChunkMap.TorrentHash.IsZero, "chunk map digest", "digests, not zeros");
        Require((roles & 1 << (int)ReleaseFileRole.Root) != 0, "files", "one file of role root");
    }

    private static void Require(bool holds, string field, string expected)
    {
        if (!holds)
            throw new ContentException($"{Input}: {field}: expected {expected}");
    }
}
