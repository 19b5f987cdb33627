using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// A web seed (BEP 19) as a peer: Requests become range requests, a few at a time, whose bodies come back as
/// blocks while they arrive. What fails for the moment is asked again; when nothing comes at all the web seed chokes us, waits (as long
/// as the server says, or longer each time), and unchokes us. What cannot get better ends it for good.
/// </summary>
internal sealed partial class WebSeedConnection : IPeerConnection
{
    /// <summary>Blocks fetched by one request at most: 4 MiB.</summary>
    public const int MostBlocks = 256;

    /// <summary>Broken transfers in a row that are started again at once, if something came before they broke.</summary>
    private const int QuickRetries = 3;

    /// <summary>Transfers that went well before one more at a time is tried again.</summary>
    private const int GoodRunsForMore = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly WebSeedFiles _files;
    private readonly HttpMessageInvoker _client;
    private readonly Func<Uri, CancellationToken, ValueTask<bool>> _mayFollow;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RangeQueue _queue;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }
    );
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _transfers = [];
    private string? _stopReason;
    private WebSeedFault? _finalFault;
    private string? _trouble;
    private Task _loop = Task.CompletedTask;
    private readonly RedirectMemory _redirects;
    private bool _hasDelivered;
    private int _running;
    private readonly int _maxTransfers;
    private int _mostRunning;
    private int _failures;
    private int _pauses;
    private int _goodRuns;
    private TimeSpan? _pause;

    public WebSeedConnection(
        PeerHandle handle,
        ConnectedPeer peer,
        WebSeedFiles files,
        int pieceLength,
        int maxTransfers,
        HttpMessageInvoker client,
        Func<Uri, CancellationToken, ValueTask<bool>> mayFollow,
        TimeProvider time,
        ILogger logger
    )
    {
        Handle = handle;
        Peer = peer;
        _files = files;
        _maxTransfers = maxTransfers;
        _mostRunning = maxTransfers;
        _client = client;
        _mayFollow = mayFollow;
        _time = time;
        _logger = logger;
        _redirects = new RedirectMemory(time);
        _queue = new RangeQueue(pieceLength, MostBlocks);
    }

    /// <inheritdoc/>
    public PeerHandle Handle { get; }

    /// <inheritdoc/>
    public ConnectedPeer Peer { get; }

    /// <summary>The web seed as it was named.</summary>
    public Uri Url => _files.Url;

    /// <inheritdoc/>
    public string? StopReason => Volatile.Read(ref _stopReason);

    /// <summary>Why it is of no use to this torrent ever, or null.</summary>
    public WebSeedFault? FinalFault => Volatile.Read(ref _finalFault);

    /// <summary>It has given something.</summary>
    public bool HasDelivered => Volatile.Read(ref _hasDelivered);

    /// <summary>The last trouble with it, in one line; null while all is well.</summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>What stands for a handshake: a peer id made of the URL, and the promise to answer every request.</summary>
    public static Handshake HandshakeOf(Uri url)
    {
        byte[] id = [.. "-WS0019-"u8, .. SHA256.HashData(Encoding.UTF8.GetBytes(url.AbsoluteUri)).AsSpan(0, 12)];
        return new Handshake(default, new PeerId(id), SupportsExtensions: false, SupportsFast: true, SupportsV2: false);
    }

    /// <inheritdoc/>
    public Task RunAsync(IPeerEvents events) => _loop = RunLoopAsync(events);

    /// <inheritdoc/>
    public void Send(in PeerMessage message)
    {
        var block = new BlockRange(new PieceIndex(message.Piece), message.Begin, message.Length);
        if (message.Kind == PeerMessageKind.Request)
            _queue.Add(block);
        else if (message.Kind == PeerMessageKind.Cancel)
            _queue.Cancel(block);
        _wake.Writer.TryWrite(true);
    }

    /// <inheritdoc/>
    public void SendBlock(BlockRange block) => throw new InvalidOperationException("a web seed takes no blocks");

    /// <inheritdoc/>
    public void Stop(string reason)
    {
        if (Interlocked.CompareExchange(ref _stopReason, reason, null) is null)
            _ = _stop.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop("closed by us");
        await _loop;
        _stop.Dispose();
    }

    private async Task RunLoopAsync(IPeerEvents events)
    {
        try
        {
            await DispatchAsync(events);
        }
        catch (Exception fault) when (fault is OperationCanceledException or ChannelClosedException)
        {
            Stop("closed by us");
        }
        Task[] transfers;
        lock (_gate)
            transfers = [.. _transfers];
        await Task.WhenAll(transfers);
    }

    private async Task DispatchAsync(IPeerEvents events)
    {
        while (true)
        {
            await RefuseAsync(events);
            if (TakePause() is { } pause)
            {
                await PauseAsync(pause, events);
                continue;
            }
            while (TryStartTransfer(events)) { }
            await _wake.Reader.ReadAsync(_stop.Token);
        }
    }

    private bool TryStartTransfer(IPeerEvents events)
    {
        lock (_gate)
        {
            if (_running >= _mostRunning || _pause is not null || _queue.TryStart() is not { } run)
                return false;
            _running++;
            var failures = _failures;
            _transfers.RemoveAll(transfer => transfer.IsCompleted);
            _transfers.Add(Task.Run(() => TransferAsync(run, failures, events)));
            return true;
        }
    }

    private async Task TransferAsync(RangeRun run, int failuresBefore, IPeerEvents events)
    {
        WebSeedFault? fault = null;
        using var limit = new CancellationTokenSource(RangeReader.NoByteTimeout, _time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, run.Abandoned, _stop.Token);
        try
        {
            fault = await FetchAsync(run, events, limit, any.Token);
        }
        catch (OperationCanceledException)
        {
            if (limit.IsCancellationRequested && !run.Abandoned.IsCancellationRequested)
                fault = new WebSeedFault($"no byte for {RangeReader.NoByteTimeout.TotalSeconds:0} s", false);
            else if (!any.IsCancellationRequested)
                fault = new WebSeedFault("no connection in time", false);
        }
        catch (UriFormatException failure)
        {
            fault = new WebSeedFault(failure.Message, true);
        }
        catch (HttpRequestException failure)
        {
            fault = new WebSeedFault(failure.InnerException?.Message ?? failure.Message, false);
        }
        catch (Exception failure) when (failure is IOException or ChannelClosedException)
        {
            fault = new WebSeedFault(failure.Message, false);
        }
        finally
        {
            var delivered = run.Delivered;
            _queue.End(run);
            Judge(fault, delivered > 0, failuresBefore);
            _wake.Writer.TryWrite(true);
        }
    }

    private async Task<WebSeedFault?> FetchAsync(
        RangeRun run,
        IPeerEvents events,
        CancellationTokenSource limit,
        CancellationToken cancellation
    )
    {
        await using var reader = new RangeReader(_client, _files, run.Start, run.End, _time, _redirects, _mayFollow);
        for (var index = 0; index < run.Blocks.Count; index++)
        {
            if (_queue.ShouldBreakOff(run, index))
                return null;
            var block = BlockPool.Shared.Rent(run.Blocks[index]);
            var isHandedOver = false;
            try
            {
                if (await reader.FillAsync(block.Data, limit, cancellation) is { } fault)
                    return fault;
                limit.CancelAfter(Timeout.InfiniteTimeSpan);
                if (!_queue.TryAnswer(run, index))
                    continue;
                block.Seal();
                isHandedOver = true;
                await events.OnBlockAsync(this, block, _stop.Token);
            }
            finally
            {
                if (!isHandedOver)
                    block.Release();
            }
        }
        return null;
    }

    /// <summary>What a transfer's end means for the web seed.</summary>
    private void Judge(WebSeedFault? fault, bool hasDelivered, int failuresBefore)
    {
        lock (_gate)
        {
            _running--;
            if (_stop.IsCancellationRequested)
                return;
            if (fault is null)
            {
                if (!hasDelivered)
                    return;
                Volatile.Write(ref _hasDelivered, true);
                _failures = 0;
                _pauses = 0;
                Volatile.Write(ref _trouble, null);
                if (_mostRunning < _maxTransfers && ++_goodRuns % GoodRunsForMore == 0)
                    _mostRunning++;
                return;
            }
            Volatile.Write(ref _trouble, fault.Reason);
            if (fault.IsFinal)
            {
                Interlocked.CompareExchange(ref _finalFault, fault, null);
                Stop(fault.Reason);
                return;
            }
            // Transfers that broke together broke once.
            if (failuresBefore == _failures)
                _failures++;
            if (fault.RetryAfter is null && hasDelivered && _failures <= QuickRetries)
                return;
            // A server that serves some of our requests and refuses others wants fewer at a time.
            if (_running > 0)
                _mostRunning = _running;
            else
                _pause = TimeSpan.FromTicks(Math.Max(_pause?.Ticks ?? 0, fault.RetryAfter?.Ticks ?? 0));
        }
    }

    /// <summary>The pause that is due: what the server asked for, or longer each time.</summary>
    private TimeSpan? TakePause()
    {
        lock (_gate)
        {
            if (_pause is not { } asked)
                return null;
            _pause = null;
            var own = FirstPause * Math.Pow(2, Math.Min(_pauses++, 10));
            own = own < LongestPause ? own : LongestPause;
            return asked > own ? asked : own;
        }
    }

    private async Task PauseAsync(TimeSpan pause, IPeerEvents events)
    {
        LogPaused(_logger, Url, pause.TotalSeconds, Trouble);
        _queue.Close();
        await events.OnMessageAsync(this, new PeerMessage(PeerMessageKind.Choke), _stop.Token);
        await RefuseAsync(events);
        var end = Task.Delay(pause, _time, _stop.Token);
        while (!end.IsCompleted)
        {
            await Task.WhenAny(end, _wake.Reader.WaitToReadAsync(_stop.Token).AsTask());
            _wake.Reader.TryRead(out _);
            await RefuseAsync(events);
        }
        await end;
        lock (_gate)
            // What other transfers ran into meanwhile has been waited for as well.
            (_pause, _mostRunning) = (null, _maxTransfers);
        _queue.Open();
        await events.OnMessageAsync(this, new PeerMessage(PeerMessageKind.Unchoke), _stop.Token);
    }

    private async Task RefuseAsync(IPeerEvents events)
    {
        while (_queue.TryTakeRefused(out var block))
        {
            var reject = new PeerMessage(PeerMessageKind.RejectRequest, block.Piece.Value, block.Begin, block.Length);
            await events.OnMessageAsync(this, reject, _stop.Token);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "web seed {Url}: paused for {Seconds:0.0} s: {Reason}")]
    private static partial void LogPaused(ILogger logger, Uri url, double seconds, string? reason);
}
