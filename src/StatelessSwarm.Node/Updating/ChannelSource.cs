using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Activation;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Node.Updating;

/// <summary>
/// What the channel wants, from the server and, when that is not there, from what is on disk already. Nothing leaves here that
/// signed metadata does not vouch for. One caller at a time.
/// </summary>
internal sealed class ChannelSource(
    FollowedChannel follow,
    MetadataClient client,
    TrustedMetadata trust,
    string releasesDirectory,
    string stagingDirectory,
    ILogger logger
)
{
    /// <summary>Root versions followed in one look: more is an attack, or a machine that slept for decades.</summary>
    private const int MaxRootSteps = 64;

    // root metadata is keys and thresholds; the trust room bounds it by itself, this bounds the answer
    private const int MaxRootBytes = 256 * 1024;

    /// <summary>Reads the channel from the server.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or has no such channel.</exception>
    /// <exception cref="TrustException">What it says is refused.</exception>
    public async Task<ChannelPointer> ReadAsync(CancellationToken cancellation)
    {
        await FollowRootAsync(cancellation);
        if (follow.Release is { } release)
            return PointTo(release, trust.AcceptManifest(await FetchManifestAsync(release, cancellation), release));
        var path = RepositoryLayout.Channel(follow.Product, follow.Channel);
        var envelope =
            await client.GetAsync(path, SignedEnvelope.MaxBytes(ChannelPointer.MaxBytes), cancellation)
            ?? throw new NodeException(FaultKind.Nothing, $"the server has no channel {follow}");
        return trust.AcceptChannel(envelope, follow.Product, follow.Channel);
    }

    /// <summary>
    /// Reads the channel; when the server cannot be reached, the pointer believed last, if there is one and it is in time.
    /// </summary>
    /// <exception cref="NodeException">The server cannot be reached and nothing is known, or it has no such channel.</exception>
    /// <exception cref="TrustException">What it says is refused.</exception>
    public async Task<(ChannelPointer Pointer, NodeException? Unreachable)> ReadOrRecallAsync(CancellationToken cancellation)
    {
        try
        {
            return (await ReadAsync(cancellation), null);
        }
        catch (NodeException fault) when (fault.Kind == FaultKind.Unreachable)
        {
            if (follow.Release is { } release && RecallPinned(release) is { } pinned)
                return (pinned, fault);
            if (follow.Release is null && trust.HeldChannel(follow.Product, follow.Channel) is { } held && !trust.IsExpired(held))
                return (held, fault);
            throw;
        }
    }

    /// <summary>Manifest and metainfo of the release a pointer names: those staged already, or the server's.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or lacks a file.</exception>
    /// <exception cref="TrustException">The manifest is refused.</exception>
    /// <exception cref="ContentException">The metainfo is not the manifest's.</exception>
    public async Task<FetchedRelease> FetchReleaseAsync(ChannelPointer pointer, CancellationToken cancellation)
    {
        var staged = TryReadStaged(pointer);
        if (staged is not null)
            return staged;
        var envelope = await FetchManifestAsync(pointer.Release, cancellation);
        var manifest = Accept(envelope, pointer);
        var torrent = await RequireAsync(RepositoryLayout.Torrent(pointer.Release), Metainfo.MaxBytes, cancellation);
        return new FetchedRelease(manifest, envelope, torrent, TorrentMatch.Parse(torrent, manifest));
    }

    /// <summary>The metainfo of a release's chunk map, as the server has it: not believed yet.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or lacks it.</exception>
    public Task<byte[]> FetchChunkMapTorrentAsync(Sha256Digest release, CancellationToken cancellation) =>
        RequireAsync(RepositoryLayout.ChunkMapTorrent(release), Metainfo.MaxBytes, cancellation);

    /// <summary>The chunk map of a release, from the server: the manifest's, or an exception.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or lacks it.</exception>
    /// <exception cref="ContentException">It is another one.</exception>
    public async Task<ChunkMap> FetchChunkMapAsync(Sha256Digest release, ReleaseManifest manifest, CancellationToken cancellation)
    {
        var path = RepositoryLayout.ChunkMap(release);
        var bytes = await RequireAsync(path, checked((int)manifest.ChunkMap.Length), cancellation);
        if (Sha256Digest.HashData(bytes) != manifest.ChunkMap.Sha256)
            throw new ContentException($"{path}: not the map that the manifest names");
        return ChunkMap.Decode(bytes);
    }

    private FetchedRelease? TryReadStaged(ChannelPointer pointer)
    {
        var directory = Path.Combine(stagingDirectory, pointer.Release.ToString());
        var envelope = StateFiles.Read(
            Path.Combine(directory, RepositoryLayout.ManifestName),
            SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes)
        );
        var torrent = envelope is null ? null : StateFiles.Read(Path.Combine(directory, RepositoryLayout.TorrentName), Metainfo.MaxBytes);
        if (envelope is null || torrent is null)
            return null;
        try
        {
            var manifest = Accept(envelope, pointer);
            return new FetchedRelease(manifest, envelope, torrent, TorrentMatch.Parse(torrent, manifest));
        }
        catch (Exception fault) when (fault is ContentException or TrustException { Fault: TrustFault.Malformed or TrustFault.Mismatch })
        {
            // half written by a kill, or rotten: the server has it whole
            NodeLog.RecordsLost(logger, directory, Fault.OneLine(fault.Message));
            return null;
        }
    }

    private Task<byte[]> FetchManifestAsync(Sha256Digest release, CancellationToken cancellation) =>
        RequireAsync(RepositoryLayout.Manifest(release), SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes), cancellation);

    private ReleaseManifest Accept(byte[] envelope, ChannelPointer pointer) =>
        follow.Release is { } release ? trust.AcceptManifest(envelope, release) : trust.AcceptManifest(envelope, pointer);

    // what was said of a release by its digest stays true: neither expiry nor newer versions matter
    private ChannelPointer? RecallPinned(Sha256Digest release)
    {
        foreach (var directory in (ReadOnlySpan<string>)[releasesDirectory, stagingDirectory])
        {
            var path = Path.Combine(directory, release.ToString(), RepositoryLayout.ManifestName);
            if (StateFiles.Read(path, SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes)) is { } envelope)
                return PointTo(release, trust.AcceptManifest(envelope, release));
        }
        return null;
    }

    private static ChannelPointer PointTo(Sha256Digest release, ReleaseManifest manifest) =>
        new()
        {
            Product = manifest.Product,
            Channel = "",
            Serial = 0,
            IssuedUnixSeconds = 0,
            ExpiresUnixSeconds = long.MaxValue,
            Release = release,
            Build = manifest.Build,
            Version = manifest.Version,
        };

    private async Task FollowRootAsync(CancellationToken cancellation)
    {
        for (var step = 0; step < MaxRootSteps; step++)
        {
            var next = await client.GetAsync(RepositoryLayout.RootVersion(checked(trust.RootVersion + 1)), MaxRootBytes, cancellation);
            if (next is null)
                return;
            trust.AcceptRoot(next);
        }
    }

    private async Task<byte[]> RequireAsync(string path, int maxBytes, CancellationToken cancellation) =>
        await client.GetAsync(path, maxBytes, cancellation)
        ?? throw new NodeException(FaultKind.Failed, $"the server has no {path}; is it publishing, or damaged?");
}
