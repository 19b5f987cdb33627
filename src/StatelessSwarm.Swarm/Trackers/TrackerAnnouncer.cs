using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>
/// Tells trackers where a torrent stands and hands the peers they name to it. Trackers are tried in order and the first that
/// answers is kept; when none does, all are tried again after 1 s, doubling to 60 s. A torrent without peers asks again after 5 s whatever
/// the interval, because the others may be booting at this very moment.
/// </summary>
internal sealed partial class TrackerAnnouncer : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LonelyInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(2);

    private readonly TorrentSession _session;
    private readonly List<Uri> _trackers;
    private readonly HttpTrackerClient _client;
    private readonly PeerId _peerId;
    private readonly int _port;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private volatile bool _isCompletedPending;
    private bool _isKnown;
    private Task _loop = Task.CompletedTask;

    public TrackerAnnouncer(
        TorrentSession session,
        IReadOnlyList<Uri> trackers,
        HttpTrackerClient client,
        PeerId peerId,
        int port,
        TimeProvider time,
        ILogger logger
    )
    {
        _session = session;
        _trackers = [.. trackers];
        _client = client;
        _peerId = peerId;
        _port = port;
        _time = time;
        _logger = logger;
    }

    /// <summary>Begins to announce.</summary>
    public void Start() => _loop = RunAsync();

    /// <summary>The download has finished: say so now.</summary>
    public void AnnounceCompleted()
    {
        _isCompletedPending = true;
        Wake();
    }

    /// <summary>Says good-bye, within 2 s, to a tracker that knows us.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        if (_isKnown)
        {
            using var limit = new CancellationTokenSource(FarewellTimeout, _time);
            try
            {
                await _client.AnnounceAsync(_trackers[0], Request(AnnounceEvent.Stopped), limit.Token);
            }
            catch (Exception fault) when (fault is TrackerException or OperationCanceledException)
            {
                LogFailed(_logger, _trackers[0].Host, fault.Message);
            }
        }
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        try
        {
            while (true)
            {
                var interval = await AnnounceToAnyAsync();
                retry = interval is null ? Min(retry * 2, LongestRetry) : FirstRetry;
                var wait = interval ?? retry / 2;
                if (_session.Status.Peers == 0 && !_session.Status.IsComplete)
                    wait = Min(wait, LonelyInterval);
                await WaitAsync(wait);
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync asked for it.
        }
    }

    private async Task<TimeSpan?> AnnounceToAnyAsync()
    {
        for (var i = 0; i < _trackers.Count; i++)
        {
            var isCompleted = _isCompletedPending;
            var kind =
                !_isKnown ? AnnounceEvent.Started
                : isCompleted ? AnnounceEvent.Completed
                : AnnounceEvent.None;
            try
            {
                var reply = await _client.AnnounceAsync(_trackers[i], Request(kind), _stop.Token);
                if (kind == AnnounceEvent.Completed)
                    _isCompletedPending = false;
                _isKnown = true;
                foreach (var peer in reply.Peers)
                    _session.AddPeer(peer, PeerSource.Tracker);
                // BEP 12: the tracker that answered moves to the front.
                (_trackers[0], _trackers[i]) = (_trackers[i], _trackers[0]);
                return reply.Interval;
            }
            catch (TrackerException fault)
            {
                LogFailed(_logger, _trackers[i].Host, fault.Message);
            }
        }
        return null;
    }

    private AnnounceRequest Request(AnnounceEvent kind)
    {
        var status = _session.Status;
        var info = _session.Metainfo.Info;
        return new AnnounceRequest(
            info.V1Hash ?? InfoHash.Truncate(info.V2Hash!.Value),
            _peerId,
            _port,
            status.SentLanBytes + status.SentWanBytes,
            status.ReceivedLanBytes + status.ReceivedWanBytes,
            status.ContentBytes - status.VerifiedBytes,
            kind
        );
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
