using System.Net;
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
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Trust;
using StatelessSwarm.Trust.Client;
using StatelessSwarm.Trust.Identities;
using StatelessSwarm.Trust.Repositories;
using StatelessSwarm.Trust.Roles;
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
    MetadataRelay relay,
    SwarmIdentity? identity,
    Func<IReadOnlyList<IPEndPoint>> neighbours,
    TimeProvider time,
    ILogger logger
)
{
    /// <summary>Neighbours asked in one look: each may be behind, or lie.</summary>
    private const int MaxNeighbours = 6;

    /// <summary>Longest wait for the first neighbour to be heard of, when the server is gone.</summary>
    private static readonly TimeSpan NeighbourPatience = TimeSpan.FromSeconds(2);

    /// <summary>Root versions followed in one look: more is an attack, or a machine that slept for decades.</summary>
    private const int MaxRootSteps = 64;

    // root metadata is keys and thresholds; the trust room bounds it by itself, this bounds the answer
    private const int MaxRootBytes = 256 * 1024;

    private readonly Random _random = Chance.New();
    private bool _isServerGone;

    /// <summary>Reads the channel from the server.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or has no such channel.</exception>
    /// <exception cref="TrustException">What it says is refused.</exception>
    public async Task<ChannelPointer> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            var pointer = await AskServerAsync(cancellation);
            _isServerGone = false;
            return pointer;
        }
        finally
        {
            relay.Publish(trust, follow.Product, follow.Channel);
        }
    }

    /// <summary>
    /// Reads the channel; when the server cannot be reached, the newest pointer that neighbours hand on, else the one believed last, if
    /// there is one and it is in time. All of them pass the same checks.
    /// </summary>
    /// <returns>The pointer, and why nobody could be asked whether it is still the newest; null when somebody was.</returns>
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
            _isServerGone = true;
            var heard = await AskNeighboursAsync(cancellation);
            var pointer = follow.Release is { } release ? RecallPinned(release) ?? heard : trust.HeldChannel(follow.Product, follow.Channel);
            if (pointer is null || (follow.Release is null && trust.IsExpired(pointer)))
                throw;
            return (pointer, heard is null ? fault : null);
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
        var (manifest, envelope) = await FetchAsync(
            RepositoryLayout.Manifest(pointer.Release),
            SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes),
            bytes => (Accept(bytes, pointer), bytes),
            cancellation
        );
        return await FetchAsync(
            RepositoryLayout.Torrent(pointer.Release),
            Metainfo.MaxBytes,
            bytes => new FetchedRelease(manifest, envelope, bytes, TorrentMatch.Parse(bytes, manifest)),
            cancellation
        );
    }

    /// <summary>The metainfo of a release's chunk map, as the server has it: not believed yet.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or lacks it.</exception>
    public Task<byte[]> FetchChunkMapTorrentAsync(Sha256Digest release, CancellationToken cancellation) =>
        FetchAsync(RepositoryLayout.ChunkMapTorrent(release), Metainfo.MaxBytes, bytes => bytes, cancellation);

    /// <summary>The chunk map of a release, from the server: the manifest's, or an exception.</summary>
    /// <exception cref="NodeException">The server cannot be reached, or lacks it.</exception>
    /// <exception cref="ContentException">It is another one.</exception>
    public async Task<ChunkMap> FetchChunkMapAsync(Sha256Digest release, ReleaseManifest manifest, CancellationToken cancellation)
    {
        var path = RepositoryLayout.ChunkMap(release);
        return await FetchAsync(
            path,
            checked((int)manifest.ChunkMap.Length),
            bytes => Sha256Digest.HashData(bytes) == manifest.ChunkMap.Sha256 ? ChunkMap.Decode(bytes) : throw new ContentException($"{path}: not the map that the manifest names"),
            cancellation
        );
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

    private async Task<ChannelPointer> AskServerAsync(CancellationToken cancellation)
    {
        await FollowRootAsync((path, maxBytes) => client.GetAsync(path, maxBytes, HasNeighbours, cancellation));
        await FollowStatementsAsync((path, maxBytes) => client.GetAsync(path, maxBytes, HasNeighbours, cancellation));
        if (follow.Release is { } release)
        {
            var manifest = await client.GetAsync(RepositoryLayout.Manifest(release), SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes), HasNeighbours, cancellation);
            return PointTo(
                release,
                await AcceptPinnedAsync(
                    manifest ?? throw new NodeException(FaultKind.Nothing, $"the server has no release {release}"),
                    release,
                    (path, maxBytes) => client.GetAsync(path, maxBytes, HasNeighbours, cancellation)
                )
            );
        }
        var envelope =
            await client.GetAsync(RepositoryLayout.Channel(follow.Product, follow.Channel), SignedEnvelope.MaxBytes(ChannelPointer.MaxBytes), HasNeighbours, cancellation)
            ?? throw new NodeException(FaultKind.Nothing, $"the server has no channel {follow}");
        return trust.AcceptChannel(envelope, follow.Product, follow.Channel);
    }

    /// <summary>Takes what some neighbours believe, each by the same rules; the newest that passed, or null when nobody had any.</summary>
    private async Task<ChannelPointer?> AskNeighboursAsync(CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (!HasNeighbours() && time.GetElapsedTime(begun) < NeighbourPatience)
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellation);
        ChannelPointer? newest = null;
        foreach (var neighbour in Shuffled())
        {
            try
            {
                await FollowRootAsync((path, maxBytes) => client.GetFromAsync(neighbour, path, maxBytes, cancellation));
                await FollowStatementsAsync((path, maxBytes) => client.GetFromAsync(neighbour, path, maxBytes, cancellation));
                if (follow.Release is { } release)
                {
                    if (await client.GetFromAsync(neighbour, RepositoryLayout.Manifest(release), SignedEnvelope.MaxBytes(ReleaseManifest.MaxBytes), cancellation) is { } manifest)
                        return PointTo(release, await AcceptPinnedAsync(manifest, release, (path, maxBytes) => client.GetFromAsync(neighbour, path, maxBytes, cancellation)));
                }
                else if (await client.GetFromAsync(neighbour, RepositoryLayout.Channel(follow.Product, follow.Channel), SignedEnvelope.MaxBytes(ChannelPointer.MaxBytes), cancellation) is { } envelope)
                {
                    newest = trust.AcceptChannel(envelope, follow.Product, follow.Channel);
                }
            }
            catch (Exception fault) when (fault is TrustException or NodeException or ContentException)
            {
                // behind, gone, or lying: the others are asked all the same
                NodeLog.NeighbourRefused(logger, neighbour, Fault.OneLine(fault.Message));
            }
        }
        relay.Publish(trust, follow.Product, follow.Channel);
        return newest;
    }

    private bool HasNeighbours() => neighbours().Count > 0;

    private IPEndPoint[] Shuffled()
    {
        var all = neighbours().ToArray();
        _random.Shuffle(all);
        return all.Length <= MaxNeighbours ? all : all[..MaxNeighbours];
    }

    /// <summary>A file that the server has to have, or a neighbour when the server is gone; <paramref name="accept"/> checks and takes it.</summary>
    private async Task<T> FetchAsync<T>(string path, int maxBytes, Func<byte[], T> accept, CancellationToken cancellation)
        where T : notnull
    {
        if (_isServerGone && await TryNeighboursAsync(path, maxBytes, accept, cancellation) is (true, var early))
            return early;
        try
        {
            return accept(
                await client.GetAsync(path, maxBytes, HasNeighbours, cancellation)
                    ?? throw new NodeException(FaultKind.Failed, $"the server has no {path}; is it publishing, or damaged?")
            );
        }
        catch (NodeException fault) when (fault.Kind == FaultKind.Unreachable && !_isServerGone)
        {
            if (await TryNeighboursAsync(path, maxBytes, accept, cancellation) is (true, var late))
                return late;
            throw;
        }
    }

    private async Task<(bool IsThere, T Value)> TryNeighboursAsync<T>(string path, int maxBytes, Func<byte[], T> accept, CancellationToken cancellation)
    {
        foreach (var neighbour in Shuffled())
        {
            try
            {
                if (await client.GetFromAsync(neighbour, path, maxBytes, cancellation) is { } bytes)
                    return (true, accept(bytes));
            }
            catch (Exception fault) when (fault is TrustException or NodeException or ContentException)
            {
                NodeLog.NeighbourRefused(logger, neighbour, Fault.OneLine(fault.Message));
            }
        }
        return (false, default!);
    }

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

    /// <summary>Who is out of closed swarms, and what is current: whatever of it this machine looks at.</summary>
    private async Task FollowStatementsAsync(Func<string, int, Task<byte[]?>> getAsync)
    {
        if (
            (identity is not null || trust.NeedsTime)
            && await getAsync(RepositoryLayout.Revoked, SignedEnvelope.MaxBytes(RevocationList.MaxBytes)) is { } revoked
        )
        {
            trust.AcceptRevocations(revoked);
            identity?.Revoke(trust.RevokedKeys);
        }
        if (follow.Product.Length > 0)
            await FollowDelegationAsync(follow.Product, getAsync);
        if (trust.NeedsTime && await getAsync(RepositoryLayout.Time, SignedEnvelope.MaxBytes(TimeStatement.MaxBytes)) is { } statement)
            trust.AcceptTime(statement);
    }

    /// <summary>Who else may sign releases of a product; most have nobody.</summary>
    private async Task FollowDelegationAsync(string product, Func<string, int, Task<byte[]?>> getAsync)
    {
        if (await getAsync(RepositoryLayout.Delegation(product), SignedEnvelope.MaxBytes(ReleaseDelegation.MaxBytes)) is { } delegation)
            trust.AcceptDelegation(delegation, product);
    }

    /// <summary>A release that is followed by its digest: its product, whose delegation may be needed, shows in the manifest.</summary>
    private async Task<ReleaseManifest> AcceptPinnedAsync(byte[] envelope, Sha256Digest release, Func<string, int, Task<byte[]?>> getAsync)
    {
        try
        {
            return trust.AcceptManifest(envelope, release);
        }
        catch (TrustException fault) when (fault.Fault == TrustFault.NotEnoughSignatures)
        {
            // it is the one that was asked for: its digest has been compared
            var payload = SignedEnvelope.Decode(envelope, ReleaseManifest.MaxBytes).Payload;
            await FollowDelegationAsync(ReleaseManifest.Decode(payload).Product, getAsync);
            return trust.AcceptManifest(envelope, release);
        }
    }

    private async Task FollowRootAsync(Func<string, int, Task<byte[]?>> getAsync)
    {
        for (var step = 0; step < MaxRootSteps; step++)
        {
            if (await getAsync(RepositoryLayout.RootVersion(checked(trust.RootVersion + 1)), MaxRootBytes) is not { } next)
                return;
            trust.AcceptRoot(next);
        }
    }
}
