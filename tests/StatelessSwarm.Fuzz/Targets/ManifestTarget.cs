using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ReleaseManifest"/>: one encoding only, so what is taken is written as it was read.</summary>
internal sealed class ManifestTarget : FuzzTarget
{
    public override string Name => "manifest";

    public override IReadOnlyList<byte[]> Words => [[0xc0], [0xc4, 32], [0xcf], [0xd9], [0xdf, 0xff, 0xff, 0xff, 0xff], [0x9f], [0x8f], .. WordsOf("stateless-release/1", "stateless-channel/1")];

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            var manifest = ReleaseManifest.Decode(input.ToArray());
            Require(manifest.Encode().AsSpan().SequenceEqual(input), "it is written as it was read");
        }
        catch (ContentException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var root = new ReleaseFile(ReleaseFileRole.Root, "root.squashfs", 5L << 30, Digest(4), Digest(5));
        var kernel = new ReleaseFile(ReleaseFileRole.Kernel, "vmlinuz", 200, Digest(6), Digest(7));
        yield return ("one-file", Manifest(root).Encode());
        yield return ("two-files", Manifest(root, kernel).Encode());
    }

    internal static Sha256Digest Digest(byte value) => new(Enumerable.Repeat(value, 32).ToArray());

    private static ReleaseManifest Manifest(params ReleaseFile[] files) =>
        new()
        {
            Product = "web",
            Version = "1.0",
            Build = 1,
            CreatedUnixSeconds = 1_700_000_000,
            Format = ImageFormat.SquashFs,
            Verity = new VerityParameters(Digest(1), new byte[] { 1, 2, 3, 4 }),
            TorrentHash = Digest(2),
            Files = files,
            ChunkMap = new ReleaseChunkMap(325_000, Digest(8), Digest(9)),
        };
}
