using StatelessSwarm.Content.Tests.Merkle;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Content.Tests.Torrents;

internal static class TorrentSamples
{
    public const int PieceLength = 32 * 1024;

    /// <summary>Files of every awkward size: empty, below and at a block, a piece, and many pieces with a short tail.</summary>
    public static readonly (string Path, int Length)[] Awkward =
    [
        ("root.squashfs", 5 * PieceLength + 20_001),
        ("boot/vmlinuz", 2 * PieceLength),
        ("boot/initrd.img", 16_384),
        ("boot-extra", 1),
        ("empty", 0),
        ("exact", PieceLength),
    ];

    public static Task<byte[]> BuildAsync(
        (string Path, int Length)[] files,
        int pieceLength = PieceLength,
        string name = "web-1.0",
        TorrentKind kind = TorrentKind.Hybrid,
        bool padsFiles = false,
        bool isPrivate = false
    ) =>
        TorrentBuilder.BuildAsync(
            new TorrentBuildOptions
            {
                Kind = kind,
                PadsFiles = padsFiles,
                IsPrivate = isPrivate,
                Name = name,
                PieceLength = pieceLength,
                Trackers = ["http://seed.example:8080/announce", "udp://seed.example:8080/announce"],
                WebSeeds = ["http://seed.example:8080/releases/"],
                CreationUnixSeconds = 1_700_000_000,
            },
            [.. files.Select(file => new TorrentBuildFile(file.Path, new MemoryStream(Bytes(file)), file.Length))],
            progress: null,
            TestContext.Current.CancellationToken
        );

    public static byte[] Bytes((string Path, int Length) file)
    {
        var content = MerkleTests.Content(file.Length + 1)[1..];
        if (content.Length > 0)
            content[0] = (byte)file.Path.Length;
        return content;
    }
}
