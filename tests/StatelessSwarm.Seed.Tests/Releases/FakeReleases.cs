using System.Text;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Releases;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Seed.Tests.Releases;

/// <summary>A repository in memory: releases come, go and fail as a test says.</summary>
internal sealed class FakeReleases : IReleaseSource
{
    private readonly Dictionary<Sha256Digest, SeedRelease> _releases = [];

    public Dictionary<Sha256Digest, Exception> Faults { get; } = [];

    public Exception? ListFault { get; set; }

    public Exception? ChannelFault { get; set; }

    public List<ChannelPointer> Channels { get; } = [];

    public int Loads { get; private set; }

    /// <summary>What a load waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public static async Task<SeedRelease> MakeAsync(string product, string version, string content, long build = 1)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var torrent = await TorrentBuilder.BuildHybridAsync(
            new TorrentBuildOptions { Name = $"{product}-{version}" },
            [new TorrentBuildFile("root.squashfs", new MemoryStream(bytes), bytes.Length)],
            progress: null,
            CancellationToken.None
        );
        var metainfo = Metainfo.Parse(torrent);
        var map = Encoding.UTF8.GetBytes("map of " + content);
        var mapMetainfo = Metainfo.Parse(
            await TorrentBuilder.BuildAsync(
                new TorrentBuildOptions { Name = ReleaseChunkMap.FileName, Kind = TorrentKind.V2 },
                [new TorrentBuildFile(ReleaseChunkMap.FileName, new MemoryStream(map), map.Length)],
                progress: null,
                CancellationToken.None
            )
        );
        var manifest = new ReleaseManifest
        {
            Product = product,
            Version = version,
            Build = build,
            CreatedUnixSeconds = 1,
            Format = ImageFormat.SquashFs,
            Verity = new VerityParameters(default, default),
            TorrentHash = metainfo.Info.V2Hash!.Value,
            Files =
            [
                new ReleaseFile(
                    ReleaseFileRole.Root,
                    "root.squashfs",
                    bytes.Length,
                    Sha256Digest.HashData(bytes),
                    metainfo.Info.Files[0].PiecesRoot
                ),
            ],
            ChunkMap = new ReleaseChunkMap(map.Length, Sha256Digest.HashData(map), mapMetainfo.Info.V2Hash!.Value),
        };
        var digest = Sha256Digest.HashData(Encoding.UTF8.GetBytes($"{product}-{version}-{build}"));
        return new SeedRelease(digest, manifest, metainfo, [$"/srv/{product}-{version}/root.squashfs"])
        {
            ChunkMap = new SeedChunkMap(mapMetainfo, $"/srv/{product}-{version}/{ReleaseChunkMap.FileName}"),
        };
    }

    public void Publish(SeedRelease release) => _releases[release.Digest] = release;

    public void Withdraw(SeedRelease release) => _releases.Remove(release.Digest);

    public IReadOnlyList<Sha256Digest> List() => ListFault is null ? [.. _releases.Keys] : throw ListFault;

    public async Task<SeedRelease> LoadAsync(Sha256Digest digest, CancellationToken cancellation)
    {
        Loads++;
        await Gate.WaitAsync(cancellation);
        return Faults.TryGetValue(digest, out var fault) ? throw fault : _releases[digest];
    }

    public IReadOnlyList<ChannelPointer> ListChannels() => ChannelFault is null ? Channels : throw ChannelFault;
}

/// <summary>A peer without sockets that remembers what it serves and, as the real one, takes a torrent once.</summary>
internal sealed class FakePeer : IReleasePeer
{
    public int Port => 6881;

    public List<SeedRelease> Seeding { get; } = [];

    public bool IsDisposed { get; private set; }

    public Task<IReleaseSession> SeedAsync(SeedRelease release, CancellationToken cancellation)
    {
        if (Seeding.Exists(other => other.Manifest.TorrentHash == release.Manifest.TorrentHash))
            throw new InvalidOperationException("this torrent runs already");
        Seeding.Add(release);
        return Task.FromResult<IReleaseSession>(new Session(this, release));
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return default;
    }

    private sealed class Session(FakePeer peer, SeedRelease release) : IReleaseSession
    {
        public TorrentStatus Status { get; } = new() { IsComplete = true, Peers = 3, SentLanBytes = 1000, SentWanBytes = 500 };

        public ValueTask DisposeAsync()
        {
            peer.Seeding.Remove(release);
            return default;
        }
    }
}
