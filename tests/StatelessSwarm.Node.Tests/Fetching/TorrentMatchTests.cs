using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Fetching;

namespace StatelessSwarm.Node.Tests.Fetching;

public sealed class TorrentMatchTests
{
    /// <summary>A release is known by its v2 hash: a torrent of the same files without one is refused.</summary>
    [Theory]
    [InlineData(TorrentKind.Hybrid, true)]
    [InlineData(TorrentKind.V1, false)]
    [InlineData(TorrentKind.V2, false)]
    public async Task Parse_ReleaseTorrent_OnlyTheOneTheManifestNames(TorrentKind kind, bool isTaken)
    {
        var manifest = ManifestOf(Metainfo.Parse(await BuildAsync(TorrentKind.Hybrid)));
        var torrent = await BuildAsync(kind);
        if (isTaken)
            Assert.NotNull(TorrentMatch.Parse(torrent, manifest).Layers);
        else
            Assert.Contains("info hash", Assert.Throws<ContentException>(() => TorrentMatch.Parse(torrent, manifest)).Message, StringComparison.Ordinal);
    }

    private static Task<byte[]> BuildAsync(TorrentKind kind) =>
        TorrentBuilder.BuildAsync(
            new TorrentBuildOptions { Name = "web-1.0", PieceLength = 16384, Kind = kind },
            [new TorrentBuildFile("root.squashfs", new MemoryStream(new byte[50_000]), 50_000)],
            null,
            TestContext.Current.CancellationToken
        );

    private static ReleaseManifest ManifestOf(Metainfo metainfo) =>
        new()
        {
            Product = "web",
            Version = "1.0",
            Build = 1,
            CreatedUnixSeconds = 1_700_000_000,
            Format = ImageFormat.SquashFs,
            Verity = new VerityParameters(Sha256Digest.HashData("verity"u8), new byte[] { 1 }),
            TorrentHash = metainfo.Info.V2Hash!.Value,
            Files =
            [
                new ReleaseFile(
                    ReleaseFileRole.Root,
                    "root.squashfs",
                    50_000,
                    Sha256Digest.HashData(new byte[50_000]),
                    metainfo.Info.Files[0].PiecesRoot
                ),
            ],
            ChunkMap = new ReleaseChunkMap(70, Sha256Digest.HashData([1]), Sha256Digest.HashData([2])),
        };
}
