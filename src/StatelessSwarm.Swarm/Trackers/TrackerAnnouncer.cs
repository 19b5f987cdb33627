using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Tells trackers where a torrent stands and hands the peers they name to it. <see cref="TrackerTiers"/> says which;
/// the others do not hear of us. A torrent without peers asks again after 5 s, doubling to 60 s, whatever the
/// interval, because the others may be booting at this very moment.
/// </summary>
internal sealed partial class TrackerAnnouncer : IAsyncDisposable
{
    private static readonly TimeSpan FirstLonelyWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestLonelyWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(2);

    private readonly TorrentSession _session;
    private readonly TrackerTiers _tiers;
    private readonly TrackerClient _client;
    private readonly PeerId _peerId;
    private readonly int _port;
    private readonly SiteId? _site;
    private readonly InfoHash _name;
    private readonly uint _key;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile bool _isCompletedPending;
    private TimeSpan _lonelyWait = FirstLonelyWait;
    private Task _loop = Task.CompletedTask;

    /// <summary>Prepares; <see cref="Start"/> begins.</summary>
    /// <param name="session">The torrent.</param>
    /// <param name="name">Its name: of a hybrid torrent one of two, each a swarm of its own (BEP 52).</param>
    /// <param name="tiers">Its trackers, at least one.</param>
    /// <param name="client">Speaks to them.</param>
    /// <param name="peerId">Us.</param>
    /// <param name="port">TCP port we listen on.</param>
    /// <param name="site">Our site; null for none.</param>
    /// <param name="random">Shuffles within tiers and makes the announce key.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Where failures go.</param>
    public TrackerAnnouncer(
        TorrentSession session,
        InfoHash name,
        IReadOnlyList<IReadOnlyList<Uri>> tiers,
        TrackerClient client,
        PeerId peerId,
        int port,
        SiteId? site,
        Random random,
        TimeProvider time,
        ILogger logger
    )
    {
        _session = session;
        _name = name;
        _tiers = new TrackerTiers(tiers, random);
        _client = client;
        _peerId = peerId;
        _port = port;
        _site = site;
        _key = (uint)random.NextInt64(uint.MaxValue);
        _time = time;
        _started = time.GetTimestamp();
        _logger = logger;
    }

    private TimeSpan Now => _time.GetElapsedTime(_started);

    private bool IsAlone => _session.Status is { Peers: 0, IsComplete: false };

    /// <summary>Begins to announce.</summary>
    public void Start() => _loop = RunAsync();

    /// <summary>The download has finished: say so now.</summary>
    public void AnnounceCompleted()
    {
        _isCompletedPending = true;
        Wake();
    }

    /// <summary>Says good-bye, within 2 s, to every tracker that knows us.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        using (var limit = new CancellationTokenSource(FarewellTimeout, _time))
            await Task.WhenAll(_tiers.All.Where(tracker => tracker.IsKnown).Select(tracker => SayGoodbyeAsync(tracker, limit.Token)));
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task SayGoodbyeAsync(Tracker tracker, CancellationToken cancellation)
    {
        try
        {
            await _client.AnnounceAsync(tracker.Url, Request(AnnounceEvent.Stopped), cancellation);
        }
        catch (Exception fault) when (fault is TrackerException or OperationCanceledException)
        {
            LogFailed(_logger, tracker.Url.Host, fault.Message);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await WaitAsync(await AnnounceAsync());
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync asked for it.
        }
    }

    /// <summary>Asks until one answers; returns how long to wait then.</summary>
    private async Task<TimeSpan> AnnounceAsync()
    {
        foreach (var tracker in _tiers.Due(Now))
        {
            var kind =
                !tracker.IsKnown ? AnnounceEvent.Started
                : _isCompletedPending ? AnnounceEvent.Completed
                : AnnounceEvent.None;
            try
            {
                var reply = await _client.AnnounceAsync(tracker.Url, Request(kind), _stop.Token);
                if (kind == AnnounceEvent.Completed)
                    _isCompletedPending = false;
                _tiers.Answered(tracker);
                foreach (var member in reply.Members)
                    _session.AddSitePeer(member);
                foreach (var peer in reply.Peers)
                    _session.AddPeer(peer, PeerSource.Tracker);
                return WaitAfter(reply);
            }
            catch (TrackerException fault)
            {
                _tiers.Failed(tracker, Now, IsAlone);
                LogFailed(_logger, tracker.Url.Host, fault.Message);
            }
        }
        var wait = _tiers.NextDue - Now;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    private TimeSpan WaitAfter(TrackerReply reply)
    {
        if (!IsAlone)
        {
            _lonelyWait = FirstLonelyWait;
            return reply.Interval;
        }
        var wait = Min(reply.Interval, _lonelyWait);
        _lonelyWait = Min(_lonelyWait * 2, LongestLonelyWait);
        return wait;
    }

    private AnnounceRequest Request(AnnounceEvent kind)
    {
        var status = _session.Status;
        return new AnnounceRequest(
            _name,
            _peerId,
            _port,
            status.SentLanBytes + status.SentWanBytes,
            status.ReceivedLanBytes + status.ReceivedWanBytes,
            status.ContentBytes - status.VerifiedBytes,
            kind,
            _key
        )
        {
            Site = _site,
        };
    }

    private async Task WaitAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(time, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        try
        {
            await _wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            // The time is up, which is the normal end.
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    [LoggerMessage(Level = LogLevel.Information, Message = "tracker {Host}: {Reason}")]
    private static partial void LogFailed(ILogger logger, string host, string reason);
}
