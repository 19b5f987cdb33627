using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Http;
using StatelessSwarm.Testing.Identities;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Tests.Support;

/// <summary>
/// A repository in a temporary directory, a server for it with a tracker, and a seed: what a node needs around it, in this process,
/// every part of it breakable.
/// </summary>
internal sealed class TestSite : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, byte[]> _replaced = new(StringComparer.Ordinal);
    private SwarmHost _seed = null!;
    private RangeFileServer _http = null!;
    private SwarmIdentity? _identity;
    private int _nodes;

    private TestSite() { }

    public SigningKey Key { get; } = SigningKey.Generate();

    public Repository Repository { get; private set; } = null!;

    /// <summary>The server answers.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>The server gives the releases' payload too, with ranges, and not only their metadata.</summary>
    public bool HasPayload { get; set; }

    /// <summary>The seed gives chunk maps, of releases published from then on.</summary>
    public bool SeedsMaps { get; set; } = true;

    /// <summary>The tracker answers.</summary>
    public bool IsTrackerUp { get; set; } = true;

    public Uri Url => _http.Url;

    public IPEndPoint SeedEndPoint => new(IPAddress.Loopback, _seed.Port);

    public string TrustPath => Path.Combine(Repository.Directory, RepositoryLayout.Root);

    public string this[string name] => _directory[name];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="seedBytesPerSecond">Most bytes per second the seed sends; 0 for no limit.</param>
    /// <param name="authority">Closes what is published to all but its members; null publishes for everybody.</param>
    public static async Task<TestSite> StartAsync(long seedBytesPerSecond = 0, TestAuthority? authority = null)
    {
        var site = new TestSite();
        site.Repository = Repository.Init(site._directory["repo"], [site.Key], TimeProvider.System);
        if (authority is not null)
        {
            using var certificate = X509Certificate2.CreateFromPem(authority.Pem);
            site.Repository.SetAuthority(certificate.RawDataMemory);
            site._identity = SwarmIdentity.Open(authority.NewIdentity(), TimeProvider.System);
        }
        site._seed = await SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0, Limits = new TransferLimits { Up = seedBytesPerSecond > 0 ? seedBytesPerSecond : null }, Identity = site._identity },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            Cancellation
        );
        site._http = new RangeFileServer(site.FileAt) { Misbehaviour = site.AnswerAsync };
        return site;
    }

    /// <summary>Publishes random content in the shape of an image and seeds it.</summary>
    public async Task<PublishedRelease> PublishAsync(string version, int bytes, string channel = "stable")
    {
        var image = _directory[$"image-{version}"];
        await File.WriteAllBytesAsync(image, MakeImage(bytes, version.Sum(letter => (int)letter)), Cancellation);
        return await PublishAsync(version, image, channel);
    }

    /// <summary>Publishes an image and seeds it.</summary>
    public async Task<PublishedRelease> PublishAsync(string version, string imagePath, string channel = "stable", string? kernelPath = null)
    {
        var request = new PublishRequest { Product = "web", Version = version, RootPath = imagePath, KernelPath = kernelPath, Channels = [channel] };
        var published = await Repository.PublishAsync(request, [Key], null, Cancellation);
        var metainfo = Metainfo.Parse(await File.ReadAllBytesAsync(PathOf(RepositoryLayout.Torrent(published.Digest)), Cancellation));
        await _seed.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = metainfo,
                IsSeed = true,
                FilePaths =
                [
                    .. metainfo.Info.Files.Select(file =>
                        PathOf($"{RepositoryLayout.Release(published.Digest)}/{published.Manifest.TorrentName}/{file.Path}")
                    ),
                ],
            },
            Cancellation
        );
        if (SeedsMaps)
        {
            var map = Metainfo.Parse(await File.ReadAllBytesAsync(PathOf(RepositoryLayout.ChunkMapTorrent(published.Digest)), Cancellation));
            var options = new TorrentAddOptions { Metainfo = map, IsSeed = true, FilePaths = [PathOf(RepositoryLayout.ChunkMap(published.Digest))] };
            if (_seed.Torrents.All(torrent => torrent.Metainfo.Info.V2Hash != map.Info.V2Hash))
                await _seed.AddAsync(options, Cancellation);
        }
        return published;
    }

    /// <summary>Absolute path of a file of the repository.</summary>
    public string PathOf(string relative) => Path.Combine(Repository.Directory, relative);

    /// <summary>Has the server give other bytes for a path; null has it say that there is no such file.</summary>
    public void Replace(string relative, byte[]? bytes)
    {
        lock (_replaced)
            _replaced[relative] = bytes ?? [];
    }

    /// <summary>The server gives the repository's own file again.</summary>
    public void Restore(string relative)
    {
        lock (_replaced)
            _replaced.Remove(relative);
    }

    /// <summary>Options of one more node: mounts nothing, multicasts nothing, looks often.</summary>
    public NodeOptions NewNode()
    {
        var name = $"node{++_nodes}";
        return new NodeOptions
        {
            Server = Url,
            Follow = new FollowedChannel("web", "stable"),
            TrustPath = TrustPath,
            StateDirectory = _directory[$"{name}/state"],
            RunDirectory = _directory[$"{name}/run"],
            Port = 0,
            ListenAddresses = [IPAddress.Loopback],
            UseMulticastDns = false,
            PollInterval = TimeSpan.FromSeconds(1),
            StallTimeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>Starts a node in this process.</summary>
    public static Task<NodeRuntime> StartNodeAsync(NodeOptions options) =>
        NodeRuntime.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Cancellation);

    /// <summary>The seed leaves the swarm; what it has given is all there is.</summary>
    public async Task StopSeedAsync()
    {
        foreach (var torrent in _seed.Torrents)
            await torrent.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _seed.DisposeAsync();
        _identity?.Dispose();
        _directory.Dispose();
    }

    /// <summary>Random bytes behind a SquashFS superblock: enough for everyone but the kernel.</summary>
    public static byte[] MakeImage(int bytes, int seed)
    {
        var image = new byte[bytes];
        new Random(seed).NextBytes(image);
        var super = image.AsSpan(0, 96);
        super.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(super, 0x73717368);
        BinaryPrimitives.WriteUInt32LittleEndian(super[12..], 131072);
        BinaryPrimitives.WriteUInt16LittleEndian(super[20..], 6);
        BinaryPrimitives.WriteUInt16LittleEndian(super[22..], 17);
        BinaryPrimitives.WriteUInt16LittleEndian(super[28..], 4);
        BinaryPrimitives.WriteUInt64LittleEndian(super[40..], (ulong)bytes);
        return image;
    }

    private async Task<bool> AnswerAsync(RawHttpRequest request, Stream stream, CancellationToken cancellation)
    {
        if (!IsUp)
            return true;
        if (!request.Path.StartsWith("/announce", StringComparison.Ordinal))
            return false;
        await (IsTrackerUp ? AnnounceAsync(stream, cancellation) : RawHttpServer.AnswerAsync(stream, 500, default, cancellation));
        return true;
    }

    private byte[]? FileAt(string path)
    {
        var relative = path.TrimStart('/');
        lock (_replaced)
        {
            if (_replaced.TryGetValue(relative, out var body))
                return body.Length > 0 ? body : null;
        }
        // releases/<digest>/<product>-<version>/<file>
        if (!HasPayload && relative.Count(letter => letter == '/') == 3 && relative.StartsWith(RepositoryLayout.Releases, StringComparison.Ordinal))
            return null;
        return File.Exists(PathOf(relative)) ? File.ReadAllBytes(PathOf(relative)) : null;
    }

    private Task AnnounceAsync(Stream stream, CancellationToken cancellation)
    {
        var peer = new byte[6];
        IPAddress.Loopback.TryWriteBytes(peer, out _);
        BinaryPrimitives.WriteUInt16BigEndian(peer.AsSpan(4), (ushort)_seed.Port);
        byte[] body = [.. "d8:intervali60e5:peers6:"u8, .. peer, .. "e"u8];
        return RawHttpServer.AnswerAsync(stream, 200, body, cancellation);
    }
}
