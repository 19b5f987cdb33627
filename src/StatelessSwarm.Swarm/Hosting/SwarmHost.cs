using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Swarm.Limits;
using StatelessSwarm.Swarm.Magnets;
using StatelessSwarm.Swarm.Networks;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>The peer's body: listener, connections, piece files and trackers of all torrents in a process.</summary>
public sealed partial class SwarmHost : IAsyncDisposable
{
    /// <summary>Neighbours remembered for torrents that are added later: the newest 256.</summary>
    private const int MaxNeighbours = 256;

    private readonly SwarmOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<TorrentSession> _torrents = [];
    private readonly List<IPEndPoint> _neighbours = [];
    private readonly List<MagnetSession> _magnets = [];
    private readonly HandshakeGate _handshakeGate;
    private readonly ByteBudget _upload;
    private readonly ByteBudget _lanUpload;
    private readonly ByteBudget _wanUpload;
    private PeerListener? _listener;
    private int _openConnections;
    private int _lastHandle;
    private bool _isDisposed;

    private SwarmHost(SwarmOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger<SwarmHost>();
        Scope = new NetworkScope(options.SiteNetworks, time);
        Site = SiteId.Of(options.Site);
        Budget = new NodeBudget(time) { IsBackground = options.IsBackground };
        _upload = new ByteBudget(null, time);
        _lanUpload = new ByteBudget(null, time);
        _wanUpload = new ByteBudget(null, time);
        Limits = options.Limits;
        Pacer = new WanPacer(Budget, _wanUpload, time);
        WebSeedClient = WebSeeds.WebSeedClient.Create(Watch, options.Identity);
        TrackerClient = new TrackerClient(options.ListenAddresses, Dns.GetHostAddressesAsync, options.Identity, time);
        PeerId = PeerId.Create(RandomNumberGenerator.GetBytes(12));
        _handshakeGate = new HandshakeGate(time);
        if (options.Identity is { } identity)
            identity.Revoked += DropRevoked;
    }

    /// <summary>The port really listened on.</summary>
    public int Port => _listener!.Port;

    /// <summary>Limits of all torrents together; may be changed at any time.</summary>
    public TransferLimits Limits
    {
        get => Budget.Limits;
        set
        {
            Budget.Limits = value;
            _upload.BytesPerSecond = value.Up;
            _lanUpload.BytesPerSecond = value.LanUp;
            _wanUpload.BytesPerSecond = Budget.WanUpRate is { } rate ? (long)rate : null;
        }
    }

    /// <summary>What the limits come to now.</summary>
    public BudgetStatus BudgetStatus => Budget.Status;

    /// <summary>Torrents taken part in.</summary>
    public IReadOnlyList<TorrentSession> Torrents
    {
        get
        {
            lock (_gate)
                return [.. _torrents];
        }
    }

    /// <summary>Our id in every torrent.</summary>
    internal PeerId PeerId { get; }

    internal SwarmIdentity? Identity => _options.Identity;

    internal TimeSpan ConnectTimeout => _options.ConnectTimeout;

    internal NetworkScope Scope { get; }

    /// <summary>The site's name on the wire; null for none.</summary>
    internal SiteId? Site { get; }

    /// <summary>What the torrents may bring in together.</summary>
    internal NodeBudget Budget { get; }

    internal WanPacer Pacer { get; }

    internal TrackerClient TrackerClient { get; }

    internal HttpMessageInvoker WebSeedClient { get; }

    /// <summary>Binds the listener and starts accepting.</summary>
    /// <exception cref="IOException">An address cannot be bound; names it.</exception>
    public static Task<SwarmHost> StartAsync(
        SwarmOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        var host = new SwarmHost(options, time, loggers);
        host._listener = PeerListener.Start(
            options.ListenAddresses,
            options.Port,
            options.MaxSilentConnections,
            host.GreetAsync,
            host._logger
        );
        return Task.FromResult(host);
    }

    /// <summary>Takes part in a torrent: opens the files, trusts or checks what is there, connects, downloads, serves.</summary>
    /// <exception cref="IOException">A file cannot be opened or preallocated; names it and the room that is missing.</exception>
    /// <exception cref="IdentityException">The torrent is closed, and we have no identity of its authority.</exception>
    /// <exception cref="InvalidOperationException">The torrent is there already.</exception>
    public async Task<TorrentSession> AddAsync(TorrentAddOptions options, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (options.Metainfo.Info.Authority is not null && _options.Identity?.IsOf(options.Metainfo.Info) != true)
        {
            throw new IdentityException(
                $"{options.Metainfo.Info.Name}: its swarm is closed: expected an identity of the authority that it names"
                    + (_options.Identity is null ? "" : "; the identity given is of another one")
            );
        }
        var session = await TorrentSession.StartAsync(
            this,
            options,
            BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            _time,
            _loggers.CreateLogger<TorrentSession>(),
            cancellation
        );
        IPEndPoint[] neighbours;
        bool isNew;
        lock (_gate)
        {
            isNew = !_isDisposed && _torrents.TrueForAll(other => !IsSame(other.Metainfo.Info, options.Metainfo.Info));
            if (isNew)
                _torrents.Add(session);
            neighbours = options.Metainfo.Info.IsPrivate ? [] : [.. _neighbours];
        }
        if (!isNew)
        {
            await session.DisposeAsync();
            throw new InvalidOperationException($"{options.Metainfo.Info.Name}: this torrent runs already");
        }
        foreach (var neighbour in neighbours)
            session.AddPeer(neighbour, PeerSource.Neighbour);
        return session;
    }

    /// <summary>
    /// Gets what a magnet link names: the info dictionary and, for a v2 or hybrid torrent, the piece layers, from peers that have them.
    /// Everything is verified against the link's hashes. Ends when it is there or cancelled.
    /// </summary>
    /// <exception cref="ContentException">The dictionary the hash names is no torrent we can use.</exception>
    public async Task<MagnetResult> ResolveAsync(MagnetOptions options, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        await using var session = new MagnetSession(this, options, _time, _loggers.CreateLogger<MagnetSession>());
        IPEndPoint[] neighbours;
        lock (_gate)
        {
            _magnets.Add(session);
            neighbours = [.. _neighbours];
        }
        try
        {
            foreach (var neighbour in neighbours)
                session.AddPeer(neighbour);
            return await session.RunAsync(cancellation);
        }
        finally
        {
            lock (_gate)
                _magnets.Remove(session);
        }
    }

    /// <summary>A neighbour was found or heard of again: every torrent that is not private gets it.</summary>
    public void NeighbourFound(IPEndPoint endPoint)
    {
        TorrentSession[] torrents;
        MagnetSession[] magnets;
        lock (_gate)
        {
            _neighbours.Remove(endPoint);
            _neighbours.Add(endPoint);
            if (_neighbours.Count > MaxNeighbours)
                _neighbours.RemoveAt(0);
            torrents = [.. _torrents];
            magnets = [.. _magnets];
        }
        foreach (var magnet in magnets)
            magnet.AddPeer(endPoint);
        foreach (var torrent in torrents)
        {
            if (!torrent.Metainfo.Info.IsPrivate)
                torrent.AddPeer(endPoint, PeerSource.Neighbour);
        }
    }

    /// <summary>A neighbour said good-bye or ran out: torrents added later are not told of it.</summary>
    public void NeighbourLost(IPEndPoint endPoint)
    {
        lock (_gate)
            _neighbours.Remove(endPoint);
    }

    /// <summary>Stops every torrent (trackers are told) and closes every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        if (_options.Identity is { } identity)
            identity.Revoked -= DropRevoked;
        await _listener!.DisposeAsync();
        await Task.WhenAll(Torrents.Select(torrent => torrent.DisposeAsync().AsTask()));
        TrackerClient.Dispose();
        WebSeedClient.Dispose();
        _handshakeGate.Dispose();
        await Pacer.DisposeAsync();
        foreach (var budget in (ByteBudget[])[_upload, _lanUpload, _wanUpload])
            budget.Dispose();
    }

    private void DropRevoked(object? sender, EventArgs arguments)
    {
        foreach (var torrent in Torrents)
            torrent.DropRevoked();
    }

    internal void Forget(TorrentSession session)
    {
        lock (_gate)
            _torrents.Remove(session);
    }

    private static bool IsSame(TorrentInfo one, TorrentInfo other) =>
        (one.V1Hash is { } v1 && v1 == other.V1Hash) || (one.V2Hash is { } v2 && v2 == other.V2Hash);

    /// <summary>A new connection to a peer at the socket's other end, which counts against the budgets of its reach.</summary>
    internal PeerConnection NewConnection(PeerLink link, ConnectedPeer peer, WireLimits limits, bool hashesBlocks)
    {
        if (peer.Reach == PeerReach.Wan)
            Pacer.Add(link.Socket);
        var own = peer.Reach == PeerReach.Wan ? _wanUpload : _lanUpload;
        ByteBudget[] budgets = _options.SharedUpload is { } shared ? [own, _upload, shared] : [own, _upload];
        var connection = new PeerConnection(NextHandle(), link, peer, limits, budgets) { HashesBlocks = hashesBlocks };
        // a connection in the background has its limit from the pacer
        if (peer.Reach != PeerReach.Wan || !Budget.IsBackground)
            connection.KeepUnsentShort(_time);
        return connection;
    }

    /// <summary>A peer has turned out to be of our site: the limits of the WAN link are not for it.</summary>
    internal void ComeNear(IPeerConnection connection) => (connection as PeerConnection)?.ComeNear(Pacer, _lanUpload);

    /// <summary>A connection to a web server stands.</summary>
    private void Watch(Socket socket)
    {
        if (socket.RemoteEndPoint is IPEndPoint remote && Scope.Classify(remote.Address) == PeerReach.Wan)
            Pacer.Add(socket);
    }

    internal PeerHandle NextHandle() => new(Interlocked.Increment(ref _lastHandle));

    /// <summary>Reserves one of <see cref="SwarmOptions.MaxConnections"/>; false when none is left.</summary>
    internal bool TryOpenConnection()
    {
        if (Interlocked.Increment(ref _openConnections) <= _options.MaxConnections)
            return true;
        Interlocked.Decrement(ref _openConnections);
        return false;
    }

    internal void ConnectionClosed() => Interlocked.Decrement(ref _openConnections);
}
