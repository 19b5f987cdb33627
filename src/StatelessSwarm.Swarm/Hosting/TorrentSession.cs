using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Swarm.Trackers;
using StatelessSwarm.Swarm.WebSeeds;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>
/// One torrent of a <see cref="SwarmHost"/>: the engine and the one task that owns it, fed by a bounded mailbox. All public
/// members may be called from any thread.
/// </summary>
public sealed partial class TorrentSession : IAsyncDisposable, IPeerEvents
{
    /// <summary>Events waiting at most. Blocks are among them, so this bounds buffered payload: 512 x 16 KiB.</summary>
    private const int MailboxSize = BlockPool.MostKept;

    /// <summary>The status is refreshed at most this often while events arrive.</summary>
    private static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(100);

    private readonly SwarmHost _host;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TorrentEngine _engine;
    private readonly PieceFiles _files;
    private readonly ResumeJournal? _journal;
    private readonly PieceChecker? _checker;
    private readonly long _diskBytes;
    private readonly Channel<SessionEvent> _mailbox = Channel.CreateBounded<SessionEvent>(
        new BoundedChannelOptions(MailboxSize) { SingleReader = true }
    );
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<PeerHandle, IPeerConnection> _connections = [];
    private readonly HashSet<Task> _work = [];
    private readonly Lock _workGate = new();
    private readonly TrackerAnnouncer[] _trackers = [];
    private readonly ITimer _timer;
    private TorrentStatus _status;
    private long _statusAt;
    private long? _timerAt;
    private ReceivedBlock? _blockInHand;
    private Task _owner = Task.CompletedTask;
    private bool _mustDropRevoked;
    private int _isDisposed;

    private TorrentSession(
        SwarmHost host,
        TorrentAddOptions options,
        TorrentEngine engine,
        PieceFiles files,
        ResumeJournal? journal,
        long diskBytes,
        ulong randomSeed,
        TimeProvider time,
        ILogger logger
    )
    {
        _host = host;
        _engine = engine;
        _files = files;
        _journal = journal;
        _diskBytes = diskBytes;
        _time = time;
        _logger = logger;
        Metainfo = options.Metainfo;
        _status = new TorrentStatus { ContentBytes = Metainfo.Info.ContentBytes };
        _timer = time.CreateTimer(
            static session => ((TorrentSession)session!).Post(new SessionEvent(SessionEventKind.Advance)),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        if (Metainfo.Layers is null)
            _checker = new PieceChecker(Metainfo, files, Environment.ProcessorCount, ReportCheckAsync);
        if (options.WebSeeds.Count > 0)
        {
            _webSeeds = new WebSeedRoster(options.WebSeeds.DistinctBy(url => url.AbsoluteUri).Take(options.MaxWebSeeds), options.WebSeedDelay, time);
            _webSeedTransfers = options.WebSeedTransfers;
            _webSeedTimer = time.CreateTimer(
                static session => ((TorrentSession)session!).Post(new SessionEvent(SessionEventKind.WebSeeds)),
                this,
                TimeSpan.Zero,
                WebSeedRoster.Interval
            );
        }
        if (options.Trackers.Any(tier => tier.Count > 0))
        {
#pragma warning disable CA5394 // the order of trackers is no secret
            var random = new Random((int)(randomSeed & int.MaxValue));
#pragma warning restore CA5394
            // Each by itself: a tracker may know one name and say nothing to the other.
            _trackers =
            [
                .. Metainfo
                    .Info.WireHashes.Take(options.AnnouncesEveryHash ? 2 : 1)
                    .Select(name => new TrackerAnnouncer(
                        this,
                        name,
                        options.Trackers,
                        host.TrackerClient,
                        host.PeerId,
                        host.Port,
                        host.Site,
                        random,
                        time,
                        logger
                    )),
            ];
        }
    }

    /// <summary>The torrent.</summary>
    public Metainfo Metainfo { get; }

    /// <summary>Ends when all pieces are verified and written (not yet fsynced), fails when the files fail (disk full).</summary>
    public Task Completion => _completion.Task;

    /// <summary>Counters, at most 100 ms old while anything happens.</summary>
    public TorrentStatus Status => Volatile.Read(ref _status);

    /// <summary>Names a peer.</summary>
    public void AddPeer(IPEndPoint endPoint, PeerSource source) =>
        Post(new SessionEvent(SessionEventKind.Discovered, EndPoint: endPoint, Source: source));

    /// <summary>A tracker names a member of our site.</summary>
    internal void AddSitePeer(IPEndPoint endPoint) =>
        Post(new SessionEvent(SessionEventKind.Discovered, EndPoint: endPoint, Source: PeerSource.Tracker, IsNear: true));

    /// <summary>Stops: tells the trackers, closes connections and files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            await _owner;
            return;
        }
        _host.Forget(this);
        await Task.WhenAll(_trackers.Select(announcer => announcer.DisposeAsync().AsTask()));
        await _timer.DisposeAsync();
        if (_webSeedTimer is not null)
            await _webSeedTimer.DisposeAsync();
        await _stop.CancelAsync();
        Post(new SessionEvent(SessionEventKind.Advance));
        await _owner;
        _completion.TrySetCanceled();
        if (_checker is not null)
            await _checker.DisposeAsync();
        Task[] work;
        lock (_workGate)
            work = [.. _work];
        await Task.WhenAll(work);
        // From here on nobody can post: what is in the mailbox is all there will ever be.
        _mailbox.Writer.TryComplete();
        while (_mailbox.Reader.TryRead(out var left))
        {
            left.Block?.Release();
            if (left is { Kind: SessionEventKind.Connected, Connection: { } connection })
            {
                await connection.DisposeAsync();
                _host.ConnectionClosed();
            }
        }
        _files.Dispose();
        _journal?.Dispose();
        _stop.Dispose();
    }

    /// <summary>True when only members of an authority take part.</summary>
    internal bool IsClosed => Metainfo.Info.Authority is not null;

    /// <summary>True when a peer that has proved to be <paramref name="member"/>, or nobody, may take part.</summary>
    internal bool IsFor(Member? member) => IsClosed ? member?.MayTakePart(Metainfo.Info.Name) == true : member is null;

    /// <summary>Ends connections to members that have been put out.</summary>
    internal void DropRevoked()
    {
        Volatile.Write(ref _mustDropRevoked, true);
        Post(new SessionEvent(SessionEventKind.Advance));
    }

    /// <summary>True when the handshake's hash names this torrent.</summary>
    internal bool Answers(InfoHash hash) =>
        Metainfo.Info.WireHashes.Contains(hash);

    /// <summary>Opens files and journal, finds out what is there, and starts the owner.</summary>
    internal static async Task<TorrentSession> StartAsync(
        SwarmHost host,
        TorrentAddOptions options,
        ulong randomSeed,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        var info = options.Metainfo.Info;
        var files = PieceFiles.Open(info, options.FilePaths, options.IsSeed);
        ResumeJournal? journal = null;
        try
        {
            (var verified, journal) = await FindVerifiedAsync(options, files, cancellation);
            (verified, var parts) = await FindKnownAsync(options, files, verified, journal, cancellation);
            var engineOptions = options.Engine with
            {
                PeerId = host.PeerId,
                ListenPort = host.Port,
                Site = host.Site,
                NeighbourWaitMs = (int)options.NeighbourWait.TotalMilliseconds,
                Budget = host.Budget,
            };
            var engine = new TorrentEngine(info, options.Metainfo.Layers, engineOptions, time, randomSeed);
            engine.Start(verified, parts);
            var session = new TorrentSession(
                host,
                options,
                engine,
                files,
                journal,
                verified.Sum(piece => (long)info.FileBytes(piece)) + parts.Sum(part => (long)info.FileBytes(part.Key) - part.Value.MissingBytes),
                randomSeed,
                time,
                logger
            );
            session._owner = session.OwnAsync();
            Array.ForEach(session._trackers, announcer => announcer.Start());
            return session;
        }
        catch
        {
            journal?.Dispose();
            files.Dispose();
            throw;
        }
    }

    /// <summary>Takes over a socket that has shaken hands; called by the listener.</summary>
    internal async ValueTask AdoptAsync(PeerLink link, ConnectedPeer peer, CancellationToken cancellation)
    {
        var connection = NewConnection(link, peer);
        if (await TryPostAsync(new SessionEvent(SessionEventKind.Connected, connection), cancellation))
            return;
        await connection.DisposeAsync();
        _host.ConnectionClosed();
    }

    ValueTask IPeerEvents.OnMessageAsync(IPeerConnection connection, PeerMessage message, CancellationToken cancellation) =>
        _mailbox.Writer.WriteAsync(new SessionEvent(SessionEventKind.Message, connection, message), cancellation);

    async ValueTask IPeerEvents.OnBlockAsync(IPeerConnection connection, ReceivedBlock block, CancellationToken cancellation)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new SessionEvent(SessionEventKind.Block, connection, Block: block), cancellation);
        }
        catch
        {
            block.Release();
            throw;
        }
    }

    ValueTask IPeerEvents.OnBlockSentAsync(IPeerConnection connection, BlockRange block, CancellationToken cancellation) =>
        _mailbox.Writer.WriteAsync(new SessionEvent(SessionEventKind.BlockSent, connection, Range: block), cancellation);

    void IPeerEvents.ReadBlock(BlockRange block, Span<byte> target) => _files.Read(block, target);

    private static async Task<(IReadOnlyList<PieceIndex> Verified, ResumeJournal? Journal)> FindVerifiedAsync(
        TorrentAddOptions options,
        PieceFiles files,
        CancellationToken cancellation
    )
    {
        var info = options.Metainfo.Info;
        PieceIndex[] all = [.. Enumerable.Range(0, info.PieceCount).Select(i => new PieceIndex(i))];
        if (options.IsSeed)
            return (all, null);
        if (options.JournalPath is null)
            return (await PieceCheck.FindVerifiedAsync(options.Metainfo, files, all, cancellation), null);
        // Files without a journal were brought by somebody else: they are hashed once.
        var isFirst = !File.Exists(options.JournalPath) && files.HadContent;
        var journal = ResumeJournal.Open(
            options.JournalPath,
            ResumeJournal.KeyOf(info),
            BootId.Read(),
            info.PieceCount,
            out var recorded,
            out var isSameBoot
        );
        try
        {
            if (isSameBoot && !isFirst)
                return (recorded, journal);
            var verified = await PieceCheck.FindVerifiedAsync(options.Metainfo, files, isFirst ? all : recorded, cancellation);
            foreach (var piece in verified)
                journal.Append(piece);
            return (verified, journal);
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    /// <summary>What else is on this machine: more verified pieces, and parts of others.</summary>
    private static async Task<(IReadOnlyList<PieceIndex> Verified, IReadOnlyList<KeyValuePair<PieceIndex, PieceGaps>> Parts)> FindKnownAsync(
        TorrentAddOptions options,
        PieceFiles files,
        IReadOnlyList<PieceIndex> verified,
        ResumeJournal? journal,
        CancellationToken cancellation
    )
    {
        var info = options.Metainfo.Info;
        if (options.FindKnown is not { } find || options.Metainfo.Layers is null || verified.Count == info.PieceCount)
            return (verified, []);
        var needed = new NeededStretches(info, verified);
        var known = new KnownPieces(info, needed, await find(needed, cancellation));
        var found = await PieceCheck.FindVerifiedAsync(options.Metainfo, files, known.Whole, cancellation);
        foreach (var piece in found)
            journal?.Append(piece);
        return ([.. verified, .. found], known.Parts);
    }

    private PeerConnection NewConnection(PeerLink link, ConnectedPeer peer) =>
        _host.NewConnection(
            link,
            peer,
            new WireLimits(Metainfo.Info.PieceCount, MaxBlockLength: BlockRange.BlockSize),
            hashesBlocks: Metainfo.Layers is not null
        );

    private Task ReportCheckAsync(PieceIndex piece, bool isRight, Exception? fault) =>
        TryPostAsync(
            new SessionEvent(SessionEventKind.PieceChecked, Range: new BlockRange(piece, 0, 0), IsRight: isRight, Fault: fault),
            _stop.Token
        ).AsTask();

    /// <summary>Posts an event that may be lost when the mailbox is full: timers and hints, which come again.</summary>
    private void Post(in SessionEvent item) => _mailbox.Writer.TryWrite(item);

    private async ValueTask<bool> TryPostAsync(SessionEvent item, CancellationToken cancellation)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(item, cancellation);
            return true;
        }
        catch (Exception fault) when (fault is OperationCanceledException or ChannelClosedException)
        {
            return false;
        }
    }

    /// <summary>Keeps a task until it ends, so that <see cref="DisposeAsync"/> can wait for it.</summary>
    private void Track(Task task)
    {
        lock (_workGate)
            _work.Add(task);
        _ = task.ContinueWith(
            static (ended, state) =>
            {
                var session = (TorrentSession)state!;
                lock (session._workGate)
                    session._work.Remove(ended);
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }
}
