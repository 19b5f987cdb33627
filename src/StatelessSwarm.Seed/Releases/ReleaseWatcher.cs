using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Tracking;
using StatelessSwarm.Trust;

namespace StatelessSwarm.Seed.Releases;

/// <summary>
/// Keeps tracker and peer in step with the repository: looks once a second what releases there are, takes on new ones and
/// drops withdrawn ones. A release that cannot be read is tried again after 1, 2, 4 ... 60 seconds and reported
/// when the reason changes. Looking costs one directory listing, so there is no second mechanism beside it.
/// </summary>
internal sealed partial class ReleaseWatcher : IAsyncDisposable
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(60);

    private readonly IReleaseSource _source;
    private readonly IReleasePeer _peer;
    private readonly SwarmRegistry _registry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<Sha256Digest, ServedRelease> _served = [];
    private readonly Dictionary<Sha256Digest, Failure> _failures = [];
    private volatile IReadOnlyList<ServedRelease> _snapshot = [];
    private string? _listFailure;
    private Task _loop = Task.CompletedTask;
    private long _looks;

    /// <summary>Watches <paramref name="source"/>.</summary>
    public ReleaseWatcher(
        IReleaseSource source,
        IReleasePeer peer,
        SwarmRegistry registry,
        TimeProvider time,
        ILogger logger
    )
    {
        _source = source;
        _peer = peer;
        _registry = registry;
        _time = time;
        _logger = logger;
    }

    /// <summary>Releases served now, ordered by product and build.</summary>
    public IReadOnlyList<ServedRelease> Served => _snapshot;

    /// <summary>How often it has looked to the end.</summary>
    public long Looks => Interlocked.Read(ref _looks);

    /// <summary>Takes on the releases that are there, then goes on watching. Called once.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await LookAsync(cancellation);
        _loop = WatchAsync(_stop.Token);
    }

    /// <summary>Stops watching and drops every release.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _loop;
        foreach (var digest in _served.Keys.ToArray())
            await DropAsync(digest);
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(LookInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                await LookAsync(cancellation);
                _registry.Expire();
                Interlocked.Increment(ref _looks);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the way this loop ends
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        IReadOnlyList<Sha256Digest> present;
        try
        {
            present = _source.List();
            _listFailure = null;
        }
        catch (Exception exception) when (IsDataOrDisk(exception))
        {
            // what was there before goes on being served: an unmounted disk comes back
            if (_listFailure != exception.Message)
                LogListFailed(_listFailure = exception.Message);
            return;
        }
        var wanted = present.ToHashSet();
        foreach (var digest in _served.Keys.Where(digest => !wanted.Contains(digest)).ToArray())
        {
            await DropAsync(digest);
            LogWithdrawn(digest);
            // one that the peer refused may have been its twin: the same torrent under another manifest
            foreach (var refused in _served.Where(pair => pair.Value.Session is null).Select(pair => pair.Key).ToArray())
                await DropAsync(refused);
        }
        foreach (var digest in _failures.Keys.Where(digest => !wanted.Contains(digest)).ToArray())
            _failures.Remove(digest);
        foreach (var digest in present)
        {
            if (!_served.ContainsKey(digest) && IsDue(digest))
                await TakeAsync(digest, cancellation);
        }
    }

    private async Task TakeAsync(Sha256Digest digest, CancellationToken cancellation)
    {
        try
        {
            var release = await _source.LoadAsync(digest, cancellation);
            IReleaseSession? session = null;
            try
            {
                session = await _peer.SeedAsync(release, cancellation);
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException)
            {
                // nodes can still fetch it over HTTP and from each other
                LogNotSeeded(digest, exception.Message);
            }
            _served.Add(digest, new ServedRelease(release, session));
            _registry.Add(digest, release.SwarmNames, session is null ? null : _peer.Port);
            _registry.Add(release.Manifest.ChunkMap.TorrentHash, [release.ChunkMapName], session is null ? null : _peer.Port);
            _failures.Remove(digest);
            Publish();
            LogServing(release.Manifest.TorrentName, digest, release.Manifest.TotalBytes);
        }
        catch (Exception exception) when (IsDataOrDisk(exception))
        {
            var before = _failures.GetValueOrDefault(digest);
            if (before?.Reason != exception.Message)
                LogUnreadable(digest, exception.Message);
            var delay = before is null ? LookInterval : before.Delay * 2;
            _failures[digest] = new Failure(
                exception.Message,
                delay > MaxRetryDelay ? MaxRetryDelay : delay,
                _time.GetTimestamp()
            );
        }
    }

    private bool IsDue(Sha256Digest digest) =>
        !_failures.TryGetValue(digest, out var failure) || _time.GetElapsedTime(failure.Since) >= failure.Delay;

    private async Task DropAsync(Sha256Digest digest)
    {
        if (!_served.Remove(digest, out var served))
            return;
        Publish();
        _registry.Remove(digest);
        var map = served.Release.Manifest.ChunkMap.TorrentHash;
        if (!_served.Values.Any(other => other.Release.Manifest.ChunkMap.TorrentHash == map))
            _registry.Remove(map);
        if (served.Session is { } session)
            await session.DisposeAsync();
    }

    private void Publish() =>
        _snapshot =
        [
            .. _served
                .Values.OrderBy(served => served.Release.Manifest.Product, StringComparer.Ordinal)
                .ThenByDescending(served => served.Release.Manifest.Build),
        ];

    private static bool IsDataOrDisk(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ContentException or TrustException;

    [LoggerMessage(Level = LogLevel.Information, Message = "serving {Name} ({Digest}), {Bytes} bytes")]
    private partial void LogServing(string name, Sha256Digest digest, long bytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "withdrawn: {Digest}")]
    private partial void LogWithdrawn(Sha256Digest digest);

    [LoggerMessage(Level = LogLevel.Warning, Message = "release {Digest} is not served: {Reason}")]
    private partial void LogUnreadable(Sha256Digest digest, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "release {Digest} is not seeded to peers: {Reason}")]
    private partial void LogNotSeeded(Sha256Digest digest, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the repository cannot be read: {Reason}")]
    private partial void LogListFailed(string reason);

    private sealed record Failure(string Reason, TimeSpan Delay, long Since);
}
